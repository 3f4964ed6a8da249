"""The parts of bench/peers.py: one module each for statistics, inputs, the measured process, and who is measured."""
