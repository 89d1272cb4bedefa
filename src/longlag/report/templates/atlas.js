// The atlas: a table to sort and filter (Tabulator), a card for each cell and cells side by side (uPlot).
"use strict";
(() => {
  const { tasks, cells, own } = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const byCell = Object.fromEntries(cells.map((cell) => [cell.cell, cell]));
  const ladders = tasks.filter((task) => task.kind === "horizon");
  const families = [...new Set(cells.map((cell) => cell.family))];
  const MOST = 8, HUES = 9; // lines in one chart, colours
  const hue = (i) => getComputedStyle(document.documentElement).getPropertyValue(`--c${i % HUES}`).trim();
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const number = (value, digits = 3) => value === null || value === undefined ? "–"
    : Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value && Math.abs(value) < 1e-3 ? value.toExponential(1)
    : Number(value.toPrecision(digits)).toString();

  function make(name, attributes, parent, text) {
    const svg = name.startsWith("svg:");
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4)) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  }

  // --- values of a place -------------------------------------------------------------------------------------
  const interval = (task, place) => {
    if (place.low === null && place.high === null) return "";
    const low = place.low === null ? "" : number(place.low), high = place.high === null ? "" : number(place.high);
    return task.kind === "horizon" ? `[${low || 0}, ${high || "…"})` : `[${low}, ${high}]`;
  };
  // More is better; null sinks to the bottom whichever way the table is sorted.
  const rank = (task, place) => {
    if (!place || place.shown === "?" || place.shown === "diverged") return null;
    const value = place.value === null ? 0 : place.value;
    return task.rises ? value : -value;
  };
  const spans = Object.fromEntries(tasks.map((task) => {
    const known = cells.map((cell) => rank(task, cell.tasks[task.key])).filter((v) => v !== null);
    return [task.key, [Math.min(...known), Math.max(...known)]];
  }));
  const share = (task, place) => { // of the way from the worst to the best
    const value = rank(task, place), [low, high] = spans[task.key];
    if (value === null || !(high > low)) return 0;
    const scale = task.kind === "horizon" ? (v) => Math.log(1 + v) : (v) => v;
    return (scale(value) - scale(low)) / (scale(high) - scale(low));
  };

  // --- the table ----------------------------------------------------------------------------------------------
  const last = (get) => (a, b, x, y, column, dir) => {
    const [p, q] = [get(x.getData()), get(y.getData())];
    if (p === null || q === null) return ((p === null) - (q === null)) * (dir === "desc" ? -1 : 1);
    return p - q;
  };
  const atLeast = { headerFilter: "input", headerFilterFunc: ">=", headerFilterPlaceholder: "≥" };
  const atMost = { headerFilter: "input", headerFilterFunc: "<=", headerFilterPlaceholder: "≤" };
  const plain = (field, title, digits, more) => ({
    title, field, hozAlign: "right", headerHozAlign: "right", sorter: last((row) => row[field]), headerSortStartingDir: "asc",
    formatter: (cell) => number(cell.getValue(), digits), ...more,
  });
  const column = (task) => ({
    title: task.kind === "horizon" || !task.metric ? task.label : `${task.label} (${task.metric})`, field: `tasks.${task.key}.value`,
    hozAlign: "right", headerHozAlign: "right", headerSortStartingDir: "desc",
    width: task.label.split(" ").some((word) => word.length > 9) ? 112 : 86, // the longest word stays whole
    sorter: last((row) => rank(task, row.tasks[task.key])), ...(task.rises ? atLeast : atMost),
    formatter: (cell) => {
      const place = cell.getData().tasks[task.key], box = make("span", { class: "heat" });
      box.style.setProperty("--much", (0.38 * share(task, place)).toFixed(3));
      box.append(place.shown);
      if (!place.decided && place.shown !== "?") make("span", { class: "open", title: "not decided yet" }, box, " …");
      if (interval(task, place)) make("span", { class: "interval" }, box, interval(task, place));
      return box;
    },
  });
  const narrow = matchMedia("(max-width: 48rem)").matches;
  const about = [
    plain("year", "year", 4, { formatter: (cell) => cell.getValue() ?? "–", ...atLeast, width: 60 }),
    { title: "family", field: "family", headerFilter: "list", width: 104, formatter: "textarea",
      headerFilterParams: { values: ["", ...families], clearable: true }, headerFilterPlaceholder: "any" },
  ];
  const table = new Tabulator("#table", {
    data: cells, index: "cell", layout: "fitData", columnDefaults: { headerWordWrap: true }, height: narrow ? "70vh" : "auto", selectableRows: "highlight",
    initialSort: [{ column: "name", dir: "asc" }],
    columns: [
      { formatter: "rowSelection", hozAlign: "center", headerSort: false, width: 34, frozen: true, title: "",
        cellClick: (event) => event.stopPropagation() },
      { title: "cell", field: "name", frozen: true, width: narrow ? 118 : 180, headerFilter: "input",
        headerFilterPlaceholder: "name", formatter: (cell) => make("span", { class: cell.getData().cell === own ? "name own" : "name" }, null, cell.getValue()) },
      ...(narrow ? [] : about), ...tasks.map(column),
      plain("decay", "decay at init", 2, { ...atMost, width: 66 }), plain("step_us", "µs a step", 3, { ...atMost, width: 66 }),
      plain("state", "state", 4, { ...atMost, width: 62 }), plain("parameters", "parameters", 5, { ...atMost, width: 86 }), ...(narrow ? about : []),
    ],
  });
  table.on("rowClick", (event, row) => { openCard(row.getData().cell); });
  table.on("rowSelectionChanged", (rows) => compare(rows.map((row) => row.cell)));
  table.on("dataFiltered", (_, rows) => { $("count").textContent = `${rows.length} of ${cells.length} cells`; });
  table.on("tableBuilt", () => {
    $("count").textContent = `${cells.length} cells`;
    table.selectRow([own, "rnn", "lstm", "gru"].filter((cell) => byCell[cell]));
    if (byCell[location.hash.slice(6)]) openCard(location.hash.slice(6));
  });
  $("clear").onclick = () => table.clearHeaderFilter();

  // --- charts -------------------------------------------------------------------------------------------------
  const charts = new Map(); // where -> how it is drawn, to draw it again in other colours
  const axis = (more) => ({ stroke: ink("soft"), grid: { stroke: ink("line"), width: 1 }, ticks: { stroke: ink("line") },
    font: "12px system-ui, sans-serif", ...more });

  // lines: [{label, points: [[x, y], ...]}], drawn into a node that is emptied first.
  function chart(node, lines, how) {
    charts.set(node, () => chart(node, lines, how));
    node.replaceChildren();
    const some = lines.filter((line) => line.points.length);
    if (!some.length) return void make("p", { class: "empty" }, node, how.none);
    const tables = some.map((line) => [line.points.map((p) => p[0]), line.points.map((p) => p[1])]);
    const data = uPlot.join(tables, some.map(() => [2]));
    const width = Math.max(260, node.clientWidth);
    new uPlot({
      width, height: Math.min(300, Math.max(220, width * 0.5)), legend: { live: false },
      scales: { x: { time: false, distr: how.log ? 3 : 1, log: 10 }, y: how.y ? { range: how.y } : {} },
      axes: [axis({ label: how.x, labelSize: 22, size: 34, labelFont: "12px system-ui, sans-serif",
        ...(how.log ? { splits: () => data[0], values: (_, at) => at, filter: (_, at) => at } : {}) }), axis({ size: 44 })],
      series: [{}, ...some.map((line) => ({ label: line.label, stroke: hue(line.color), width: 2, spanGaps: true,
        dash: line.dash || [], points: { show: how.dots, size: 7, fill: hue(line.color) } }))],
    }, data, node);
  }
  const success = { x: "length", log: true, y: [-0.03, 1.03], dots: true, none: "No length was tried yet." };
  const profile = { x: "lag, steps before the end", log: false, dots: false, none: "No state, hence no gradient along it." };
  const shares = (place) => place.solved.map(([T, solved, seeds]) => [T, solved / seeds]);
  const known = (place) => place.profile.filter((point) => point[1] !== null);

  // --- the card of a cell -------------------------------------------------------------------------------------
  function openCard(name) {
    const cell = byCell[name], card = $("card");
    card.replaceChildren();
    const head = make("header", {}, card);
    const title = make("div", {}, head);
    make("h2", { id: "card-name" }, title, cell.name);
    make("p", { class: "question" }, title, cell.gloss);
    make("button", { type: "button", class: "close", "aria-label": "close" }, head, "✕ close").onclick = () => card.close();
    const list = make("dl", {}, card);
    for (const [term, text] of [["equation", cell.equation], ["family", `${cell.family}, ${cell.year ?? "no year"}`],
      ["source", cell.source], ["ran in", `model=${cell.model || "stack"}`], ["step", `${number(cell.step_us)} µs of CPU time`],
      ["try it", `longlag train cell=${cell.cell} task=adding`]]) {
      make("dt", {}, list, term);
      const value = make("dd", {}, list);
      make(["equation", "try it"].includes(term) ? "code" : "span", {}, value, text);
    }
    const both = make("div", { class: "charts" }, card);
    const [left, right] = ["Share of the seeds that solve each length", "Gradient before training: log₁₀ of the share left, over the lag"]
      .map((text) => { const f = make("figure", {}, both); make("figcaption", {}, f, text); return make("div", {}, f); });
    const rows = make("table", {}, make("div", { class: "scroll" }, card));
    header(rows, ["task", "horizon or score", "interval", "decided", "decay at init", "state", "parameters"]);
    for (const task of tasks) {
      const place = cell.tasks[task.key];
      row(rows, [task.label, place.shown, interval(task, place), place.decided ? "yes" : "not yet", number(place.decay, 2),
        number(place.state, 4), number(place.parameters, 5)]);
    }
    card.showModal();
    const line = (task, points) => ({ label: task.label, color: tasks.indexOf(task), points });
    chart(left, ladders.map((task) => line(task, shares(cell.tasks[task.key]))), success);
    chart(right, tasks.map((task) => line(task, known(cell.tasks[task.key]))), profile);
  }
  const header = (at, words) => { const r = make("tr", {}, make("thead", {}, at)); words.forEach((w) => make("th", {}, r, w)); };
  const row = (at, words) => { const r = make("tr", {}, at.tBodies[0] || make("tbody", {}, at)); words.forEach((w) => make("td", {}, r, w)); };
  $("card").onclick = (event) => { if (event.target === $("card")) $("card").close(); };

  // --- cells side by side -------------------------------------------------------------------------------------
  let chosen = [];
  tasks.forEach((task, i) => make("option", { value: i }, $("task"), task.label));
  $("task").onchange = () => compare(chosen);

  function compare(names) {
    chosen = names;
    const task = tasks[$("task").value], some = names.map((name) => byCell[name]).slice(0, MOST);
    const node = $("chosen");
    node.replaceChildren();
    some.forEach((cell, i) => make("span", { class: "chip", style: `--hue: var(--c${i})` }, node, cell.name));
    if (names.length > MOST) make("span", { class: "note" }, node, `and ${names.length - MOST} more, which the charts leave out`);
    if (!names.length) make("span", { class: "note" }, node, "tick cells in the table");
    const line = (cell, i, points) => ({ label: cell.name, color: i, points });
    chart($("success"), some.map((cell, i) => line(cell, i, shares(cell.tasks[task.key]))),
      { ...success, none: task.kind === "score" ? "This task has a score and no lengths." : success.none });
    chart($("profile"), some.map((cell, i) => line(cell, i, known(cell.tasks[task.key]))), profile);
    const beside = $("beside");
    beside.replaceChildren();
    header(beside, ["cell", ...tasks.map((t) => t.label), "decay at init", "µs a step", "state"]);
    for (const cell of names.map((name) => byCell[name])) {
      row(beside, [cell.name, ...tasks.map((t) => cell.tasks[t.key].shown), number(cell.decay, 2), number(cell.step_us), number(cell.state, 4)]);
    }
    dots(task);
  }

  // --- does the gradient foretell it --------------------------------------------------------------------------
  function dots(task) {
    const node = $("foretold"), W = Math.max(300, Math.min(760, node.clientWidth)), H = 330, L = 56, R = 16, T = 34, B = 50;
    charts.set(node, () => dots(task));
    node.replaceChildren();
    const some = cells.filter((cell) => cell.tasks[task.key].decay !== null && rank(task, cell.tasks[task.key]) !== null);
    if (!some.length) return void make("p", { class: "empty" }, node, "Nothing is known of this task yet.");
    const values = some.map((cell) => cell.tasks[task.key].decay), low = Math.min(0, ...values), high = Math.max(...values);
    const rungs = task.kind === "horizon" ? [0, ...task.rungs] : null, [least, most] = spans[task.key];
    const x = (v) => L + (W - L - R) * (v - low) / (high - low || 1);
    const y = (v) => H - B - (H - B - T) * (rungs ? rungs.indexOf(v) / (rungs.length - 1) : (v - least) / (most - least || 1));
    const svg = make("svg:svg", { class: "dots", viewBox: `0 0 ${W} ${H}`, role: "img",
      "aria-label": "decay rate of the untrained gradient against the horizon, a dot a cell" }, node);
    for (const v of rungs || [least, most]) {
      make("svg:line", { class: "grid", x1: L, x2: W - R, y1: y(v), y2: y(v) }, svg);
      make("svg:text", { x: L - 8, y: y(v) + 4, "text-anchor": "end" }, svg, rungs ? (v || `< ${rungs[1]}`) : number(Math.abs(v)));
    }
    for (let i = 0; i <= 4; i += 1) {
      const v = low + (high - low) * i / 4;
      make("svg:text", { x: x(v), y: H - B + 18, "text-anchor": "middle" }, svg, number(v, 2));
    }
    make("svg:text", { x: (L + W - R) / 2, y: H - B + 36, "text-anchor": "middle" }, svg, "decay before training, nats a step");
    make("svg:text", { x: 0, y: 12 }, svg, task.kind === "horizon" ? "horizon, steps" : task.metric);
    const taken = {}; // dots at one place stand beside each other
    for (const cell of some) {
      const place = cell.tasks[task.key], value = rungs ? (place.value || 0) : rank(task, place);
      const key = `${Math.round(x(place.decay) / 7)},${value}`, n = (taken[key] = (taken[key] || 0) + 1) - 1;
      const dot = make("svg:circle", { cx: x(place.decay), cy: y(value) - 7 * n, r: 5,
        fill: `var(--c${families.indexOf(cell.family) % HUES})`,
        "fill-opacity": place.decided ? 1 : 0.35, "data-cell": cell.cell, class: cell.cell === own ? "own" : "" }, svg);
      make("svg:title", {}, dot, `${cell.name}: ${number(place.decay, 2)} nats a step, ${place.shown}`);
      dot.onclick = () => openCard(cell.cell);
    }
    const key = make("p", { class: "facts" }, node);
    families.forEach((family, i) => make("span", { class: "chip", style: `--hue: var(--c${i % HUES})` }, key, family));
  }

  // --- light and dark -----------------------------------------------------------------------------------------
  const themes = ["auto", "light", "dark"], redraw = () => { for (const [node, draw] of [...charts]) { if (node.isConnected) draw(); else charts.delete(node); } };
  $("theme").onclick = () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3];
    document.documentElement.dataset.theme = next;
    $("theme").textContent = `◐ ${next}`;
    redraw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });
})();
