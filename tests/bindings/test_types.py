"""What type checkers and help() are told: the stub is that of the module, and every name is exported."""

from __future__ import annotations

import ast
import inspect
import unittest
from pathlib import Path

import tenon
import tenon._tenon

PACKAGE = Path(tenon.__file__).absolute().parent


class Stub(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.tree = ast.parse((PACKAGE / "_tenon.pyi").read_text())

    def test_is_there_with_its_marker(self) -> None:
        self.assertTrue((PACKAGE / "py.typed").exists())

    def test_has_every_name_and_no_other(self) -> None:
        classes = {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}
        functions = {node.name for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        public = {name: value for name, value in vars(tenon._tenon).items() if not name.startswith("_")}
        self.assertEqual(classes.keys() | functions, public.keys())
        for name, node in classes.items():
            members = {item.name for item in node.body if isinstance(item, (ast.FunctionDef, ast.ClassDef))}
            members |= {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}
            members |= {target.id for item in node.body if isinstance(item, ast.Assign) for target in item.targets}
            actual = {member for member in vars(public[name]) if not member.startswith("_")}
            self.assertLessEqual(actual, members, name)
            for member in members:
                self.assertTrue(hasattr(public[name], member), f"{name}.{member}")

    def test_names_only_what_can_be_imported(self) -> None:
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    __import__(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                module = __import__(node.module, fromlist=["*"])
                for alias in node.names:
                    self.assertTrue(hasattr(module, alias.name), alias.name)

    def test_no_type_is_left_in_cpp(self) -> None:
        self.assertNotRegex((PACKAGE / "_tenon.pyi").read_text(), r"std::|tenon::")


class Names(unittest.TestCase):
    def test_all_are_exported(self) -> None:
        for name, value in vars(tenon._tenon).items():
            if not name.startswith("_"):
                self.assertIn(name, tenon.__all__)
                self.assertIs(getattr(tenon, name), value)
                if inspect.isclass(value):
                    self.assertEqual(value.__module__, "tenon")


if __name__ == "__main__":
    unittest.main()
