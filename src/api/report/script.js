"use strict";
// Draws the page from the data that it holds. Names come from model files: they reach the page as text only.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";

  function element(name, attributes = {}, ...children) {
    const svg = ["svg", "path", "rect", "circle", "line", "text", "g", "title"].includes(name);
    const made = svg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function number(x, digits = 4) {
    if (x === null || x === undefined) return "–";
    if (x === 0) return "0";
    const size = Math.abs(x);
    return size >= 1e5 || size < 1e-3 ? x.toExponential(2) : String(Number(x.toPrecision(digits)));
  }
  const percent = (x) => `${(100 * x).toFixed(x < 0.001 && x > 0 ? 4 : 2)} %`;
  const decibels = (x) => (x === null ? "–" : x === "inf" ? "∞" : x.toFixed(1));
  const finite = (x) => typeof x === "number";

  // Round steps that divide [low, high] into about `count` parts.
  function ticks(low, high, count) {
    const span = high - low || 1;
    const raw = span / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
    const marks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) marks.push(i * step);
    return marks;
  }

  // --- theme ---
  const darkByDefault = window.matchMedia("(prefers-color-scheme: dark)");
  function setTheme(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    $("theme").textContent = dark ? "Light colours" : "Dark colours";
  }
  setTheme(darkByDefault.matches);
  darkByDefault.addEventListener("change", (event) => setTheme(event.matches));
  $("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme !== "dark"));

  // --- head ---
  document.title = `${data.network} – quantization report`;
  $("network").textContent = data.network;
  for (const [term, value] of data.facts) $("facts").append(element("div", {}, element("dt", {}, term), element("dd", {}, value)));
  function show(id, title) {
    $(id).hidden = false;
    $("sections").append(element("a", { href: `#${id}` }, title));
  }

  // --- accuracy against layers ---
  function drawAccuracy() {
    show("accuracy", "Accuracy");
    const trials = [...data.trials].sort((a, b) => a.layers - b.layers || a.accuracy - b.accuracy);
    $("accuracy-hint").textContent = `${data.measure}, of every engine that the search tried; the layers that cost most go back to FP32 first.`;
    const [width, height, left, right, top, bottom] = [900, 300, 64, 24, 16, 44];
    const xs = trials.map((t) => t.layers);
    const ys = trials.map((t) => t.accuracy).concat(data.reference === null ? [] : [data.reference]);
    const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
    const margin = (Math.max(...ys) - Math.min(...ys)) * 0.1 || Math.abs(ys[0]) * 0.01 || 1;
    const [y0, y1] = [Math.min(...ys) - margin, Math.max(...ys) + margin];
    const x = (v) => left + ((v - x0) / (x1 - x0 || 1)) * (width - left - right);
    const y = (v) => height - bottom - ((v - y0) / (y1 - y0)) * (height - top - bottom);
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
      "aria-label": `${data.measure} against the number of layers on integers` });
    for (const mark of ticks(y0, y1, 5)) {
      svg.append(element("line", { class: "axis", x1: left, x2: width - right, y1: y(mark), y2: y(mark) }),
        element("text", { x: left - 8, y: y(mark) + 4, "text-anchor": "end" }, number(mark)));
    }
    for (const mark of ticks(x0, x1, Math.min(10, x1 - x0 || 1)).filter(Number.isInteger))
      svg.append(element("text", { x: x(mark), y: height - bottom + 18, "text-anchor": "middle" }, String(mark)));
    svg.append(element("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "layers on integers"));
    if (data.reference !== null) {
      svg.append(element("line", { x1: left, x2: width - right, y1: y(data.reference), y2: y(data.reference), stroke: "var(--fp32)",
        "stroke-dasharray": "5 4" }), element("text", { x: width - right, y: y(data.reference) - 6, "text-anchor": "end" }, "FP32"));
    }
    svg.append(element("path", { d: trials.map((t, i) => `${i ? "L" : "M"}${x(t.layers)} ${y(t.accuracy)}`).join(""), fill: "none",
      stroke: "var(--int8)", "stroke-width": 2 }));
    for (const trial of trials) {
      const text = `${trial.layers} layers: ${number(trial.accuracy, 6)}${trial.change ? `, ${trial.change}` : ""}`;
      svg.append(element("circle", { cx: x(trial.layers), cy: y(trial.accuracy), r: 4, fill: "var(--int8)" }, element("title", {}, text)));
    }
    $("accuracy-chart").append(svg);
  }

  // --- precision map: a row a node, its values as lines that run down to those who read them ---
  const colors = { int8: "var(--int8)", fp32: "var(--fp32)", "": "var(--other)" };

  // Nodes that are shown; what is left out passes on the nodes that it reads.
  function visibleNodes(only) {
    const rows = [];
    const stand = [];  // per node, the rows that stand for its result
    data.nodes.forEach((node, i) => {
      const sources = [...new Set(node.sources.flatMap((s) => stand[s]))];
      if (only && !node.precision) {
        stand[i] = sources;
      } else {
        stand[i] = [rows.length];
        rows.push({ ...node, sources });
      }
    });
    return rows;
  }

  function lanesOf(rows) {
    const last = rows.map((_, i) => i);
    rows.forEach((row, i) => row.sources.forEach((s) => { last[s] = i; }));
    const lanes = [];  // the row whose value runs there
    const lane = [];
    rows.forEach((row, i) => {
      lanes.forEach((holder, l) => { if (holder !== null && last[holder] <= i) lanes[l] = null; });
      const preferred = row.sources.map((s) => lane[s]).find((l) => lanes[l] === null);
      let free = preferred !== undefined ? preferred : lanes.indexOf(null);
      if (free < 0) free = lanes.length;
      lane[i] = free;
      lanes[free] = last[i] > i ? i : null;
    });
    return { lane, count: Math.max(1, lanes.length) };
  }

  function drawMap() {
    const rows = visibleNodes($("layers-only").checked);
    const { lane, count } = lanesOf(rows);
    const step = Math.min(16, 220 / count);
    const width = count * step + 16;
    const most = Math.max(1, ...rows.map((row) => (finite(row.sqnr) ? row.sqnr : 0)));
    const measured = rows.some((row) => row.sqnr !== null);
    const diverges = rows.some((row) => row.divergence !== null);
    const decided = rows.some((row) => row.precision);
    const titles = ["", "Layer", "Operator", ...(decided ? ["Runs on"] : []), ...(measured ? ["SQNR, dB"] : []),
      ...(diverges ? ["Divergence"] : []), ...(decided ? ["Why"] : [])];
    const lines = rows.map((row) => {
      const badge = row.precision ? element("span", { class: `badge ${row.precision}` }, row.precision.toUpperCase()) : null;
      const cells = [element("td", { style: `min-width:${width}px` }), element("td", { title: row.tensor }, row.location || row.tensor),
        element("td", { class: "op" }, row.op), ...(decided ? [element("td", {}, badge)] : [])];
      if (measured) {
        const meter = finite(row.sqnr) ? element("span", { class: "meter", style: `width:${Math.max(1, (Math.max(0, row.sqnr) / most) * 70)}px` }) : null;
        cells.push(element("td", {}, row.sqnr === null ? "" : decibels(row.sqnr), meter));
      }
      if (diverges) cells.push(element("td", {}, row.divergence === null ? "" : number(row.divergence, 3)));
      if (decided) cells.push(element("td", { class: "why" }, row.why));
      return element("tr", {}, ...cells);
    });
    const header = element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title))));
    const table = element("table", {}, header, element("tbody", {}, ...lines));
    $("map").replaceChildren(table);

    const x = (i) => 10 + lane[i] * step;
    const centres = lines.map((line) => line.offsetTop + line.offsetHeight / 2);
    const height = lines.length ? lines[0].offsetHeight : 0;
    const svg = element("svg", { width, height: table.offsetHeight, "aria-hidden": "true" });
    rows.forEach((row, i) => row.sources.forEach((s) => {
      const [from, to] = [centres[s], centres[i]];
      const bend = Math.max(from, to - height);
      const d = lane[s] === lane[i] ? `M${x(s)} ${from}V${to}` : `M${x(s)} ${from}V${bend}C${x(s)} ${to - 6} ${x(i)} ${bend + 6} ${x(i)} ${to}`;
      svg.append(element("path", { d, fill: "none", stroke: colors[rows[s].precision], "stroke-width": 1.6, opacity: 0.75 }));
    }));
    rows.forEach((row, i) => svg.append(element("circle", { cx: x(i), cy: centres[i], r: row.precision ? 5 : 3.2, fill: colors[row.precision] })));
    $("map").append(svg);
  }

  function setUpMap() {
    const layers = data.nodes.filter((node) => node.precision);
    const title = layers.length ? "Precision map" : "Network";
    show("layers", title);
    $("layers-title").textContent = title;
    $("layers-bar").hidden = !layers.length;
    const on = layers.filter((node) => node.precision === "int8").length;
    const said = layers.length ? `${on} of ${layers.length} layers run on integers. ` : "";
    $("layers-hint").textContent = `${said}Every row is a node, in the order of execution; lines lead from a result to those who read it.`;
    for (const [key, label] of [["int8", "INT8"], ["fp32", "stays in FP32"], ["", "not a matter of precision"]]) {
      $("legend").append(element("span", {}, element("i", { style: `background:${colors[key]}` }), label));
    }
    $("layers-only").addEventListener("change", drawMap);
    drawMap();
  }

  // --- sensitivity ---
  function drawSensitivity() {
    const layers = data.nodes.filter((node) => finite(node.sqnr)).sort((a, b) => a.sqnr - b.sqnr).slice(0, 40);
    if (!layers.length) return;
    show("sensitivity", "Sensitivity");
    const [width, row, left] = [900, 22, 300];
    const most = Math.max(...layers.map((node) => node.sqnr));
    const height = layers.length * row + 8;
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "SQNR of each layer, lowest first" });
    layers.forEach((node, i) => {
      const name = node.location || node.tensor;
      const length = Math.max(2, (Math.max(0, node.sqnr) / most) * (width - left - 90));
      svg.append(element("text", { x: left - 10, y: i * row + 16, "text-anchor": "end" }, name.length > 44 ? `…${name.slice(-43)}` : name,
        element("title", {}, name)),
      element("rect", { x: left, y: i * row + 5, width: length, height: row - 9, rx: 2, fill: colors[node.precision] || "var(--bars)" }),
      element("text", { x: left + length + 8, y: i * row + 16 }, `${node.sqnr.toFixed(1)} dB`));
    });
    $("sensitivity-chart").append(svg);
  }

  // --- tensors ---
  const colorOf = (rule) => `var(--c${rule % 8})`;
  let selected = 0;

  function lengthOf(tensor) {
    return Math.max(tensor.negative.length, tensor.positive.length, 1) * tensor.width;
  }

  // What clamping to ±threshold and rounding to 255 levels leaves, values being spread evenly inside a bin: the share that is cut off,
  // and the ratio of the values to the error.
  function costOf(tensor, threshold) {
    const scale = threshold / 127;
    let [cut, all, signal, noise] = [0, 0, 0, 0];
    for (const [counts, end] of [[tensor.negative, -tensor.min], [tensor.positive, tensor.max]]) {
      counts.forEach((count, i) => {
        if (!count) return;
        const low = i * tensor.width;
        const high = Math.max(low, Math.min(low + tensor.width, end));
        const x = (low + high) / 2;
        const outside = high <= threshold ? 0 : low >= threshold ? 1 : (high - threshold) / (high - low);
        all += count;
        cut += count * outside;
        signal += count * x * x;
        noise += count * outside * (Math.max(x, threshold) - threshold) ** 2;
        noise += count * (1 - outside) * (x < scale / 2 ? x * x : (scale * scale) / 12);
      });
    }
    return { cut: all ? cut / all : 0, sqnr: noise > 0 && signal > 0 ? 10 * Math.log10(signal / noise) : null };
  }

  function drawHistogram() {
    const tensor = data.tensors[selected];
    const log = $("log").checked;
    const largest = Math.max(0, ...tensor.ranges.map((range) => range.threshold));
    const reach = $("zoom").checked && largest > 0 ? Math.min(lengthOf(tensor), largest * 1.08) : lengthOf(tensor);
    const low = tensor.negative.some((count) => count) ? -reach : 0;
    const [width, height, left, right, top, bottom] = [940, 320, 56, 16, 26, 30];
    const x = (v) => left + ((v - low) / (reach - low || 1)) * (width - left - right);
    const most = Math.max(1, ...tensor.negative, ...tensor.positive);
    const level = (count) => (log ? Math.log10(1 + count) / Math.log10(1 + most) : count / most);
    const y = (count) => height - bottom - level(count) * (height - top - bottom);
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Histogram of ${tensor.name}` });
    const marks = log ? Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, i) => 10 ** i) : ticks(0, most, 4);
    for (const mark of marks.filter((_, i) => marks.length < 7 || i % 2 === 0)) {
      svg.append(element("line", { class: "axis", x1: left, x2: width - right, y1: y(mark), y2: y(mark) }),
        element("text", { x: left - 8, y: y(mark) + 4, "text-anchor": "end" }, mark >= 1000 ? mark.toExponential(0) : String(mark)));
    }
    let area = `M${x(low)} ${y(0)}`;
    const bar = (from, to, count) => {
      if (to <= low || from >= reach) return;
      area += `H${x(Math.max(from, low)).toFixed(2)}V${y(count).toFixed(2)}H${x(Math.min(to, reach)).toFixed(2)}V${y(0)}`;
    };
    for (let i = tensor.negative.length - 1; i >= 0; --i) bar(-(i + 1) * tensor.width, -i * tensor.width, tensor.negative[i]);
    tensor.positive.forEach((count, i) => bar(i * tensor.width, (i + 1) * tensor.width, count));
    svg.append(element("path", { d: `${area}Z`, fill: "var(--bars)" }));
    svg.append(element("line", { x1: left, x2: width - right, y1: y(0), y2: y(0), stroke: "var(--soft)" }));
    for (const mark of ticks(low, reach, 8)) svg.append(element("text", { x: x(mark), y: height - 10, "text-anchor": "middle" }, number(mark, 3)));
    tensor.ranges.forEach((range) => {
      for (const at of [range.threshold, -range.threshold]) {
        if (at < low || at > reach || (at < 0 && low === 0)) continue;
        const used = range.rule === tensor.used;
        svg.append(element("line", { x1: x(at), x2: x(at), y1: used ? top - 12 : top, y2: y(0), stroke: colorOf(range.rule),
          "stroke-width": used ? 2.6 : 1.4, "stroke-dasharray": used ? "" : "5 3" }, element("title", {}, `${data.rules[range.rule]}: ±${number(range.threshold)}`)));
      }
    });
    $("histogram").replaceChildren(svg);
  }

  function drawTensor() {
    const tensor = data.tensors[selected];
    $("tensor-name").textContent = tensor.name;
    const seen = tensor.elements ? `${tensor.elements.toLocaleString("en")} values from ${number(tensor.min)} to ${number(tensor.max)}` : "ranges from a cache";
    $("tensor-facts").textContent = `${tensor.dtype}, ${seen}`;
    const titles = ["Calibrator", "Threshold", "Scale", "Low", "High", "Cut off", "SQNR, dB"];
    const body = element("tbody");
    for (const range of tensor.ranges) {
      const cost = tensor.elements ? costOf(tensor, range.threshold) : { cut: null, sqnr: null };
      const name = element("td", {}, element("span", { class: "mark", style: `background:${colorOf(range.rule)}` }),
        data.rules[range.rule] + (range.rule === tensor.used ? " (in use)" : ""));
      const values = [number(range.threshold), number(range.threshold / 127), number(range.low), number(range.high),
        cost.cut === null ? "–" : percent(cost.cut), decibels(cost.sqnr)];
      const row = element("tr", range.rule === tensor.used ? { class: "used" } : {}, name,
        ...values.map((value) => element("td", { class: "number" }, value)));
      body.append(row);
    }
    const header = element("tr", {}, ...titles.map((title, i) => element("th", { scope: "col", class: i ? "number" : "" }, title)));
    $("ranges").replaceChildren(element("table", {}, element("thead", {}, header), body));
    if (tensor.elements) {
      drawHistogram();
    } else {
      $("histogram").replaceChildren();
    }
  }

  function select(index) {
    selected = index;
    for (const item of $("tensor-list").children) {
      const chosen = Number(item.dataset.index) === index;
      item.setAttribute("aria-selected", String(chosen));
      if (chosen) {
        $("tensor-list").setAttribute("aria-activedescendant", item.id);
        item.scrollIntoView({ block: "nearest" });
      }
    }
    drawTensor();
  }

  function listTensors() {
    const wanted = $("filter").value.toLowerCase();
    const items = data.tensors.map((tensor, index) => ({ tensor, index })).filter(({ tensor }) => tensor.name.toLowerCase().includes(wanted))
      .map(({ tensor, index }) => element("li", { role: "option", id: `tensor-${index}`, "data-index": index,
        "aria-selected": String(index === selected), title: tensor.name }, tensor.name));
    $("tensor-list").replaceChildren(...items);
  }

  function setUpTensors() {
    show("tensors", "Tensors");
    listTensors();
    $("filter").addEventListener("input", listTensors);
    $("log").addEventListener("change", drawTensor);
    $("zoom").addEventListener("change", drawTensor);
    $("tensor-list").addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) select(Number(item.dataset.index));
    });
    $("tensor-list").addEventListener("keydown", (event) => {
      const items = [...$("tensor-list").children];
      const at = items.findIndex((item) => Number(item.dataset.index) === selected);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1, PageDown: at + 10, PageUp: at - 10 }[event.key];
      if (to === undefined || !items.length) return;
      event.preventDefault();
      select(Number(items[Math.max(0, Math.min(items.length - 1, to))].dataset.index));
    });
    drawTensor();
  }

  if (data.trials.length) drawAccuracy();
  if (data.nodes.length) setUpMap();
  drawSensitivity();
  if (data.tensors.length) setUpTensors();
})();
