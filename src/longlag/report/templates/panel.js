// The interactive gradient-flow figure: plain SVG, no library, no network.
"use strict";
(() => {
  const NS = "http://www.w3.org/2000/svg";
  const H = 400, LEFT = 62, RIGHT = 14, TOP = 12, BOTTOM = 44;
  let W = 900; // as wide as the page allows, so that its words keep their size on a phone
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const power = (n) => "10" + String(n).replace("-", "⁻").replace(/\d/g, (d) => digits[d]);
  const hue = (line) => `var(--hue-${line.color.slice(1).toLowerCase()}, ${line.color})`;
  const sci = (log) => {
    if (log === null) return "0";
    const e = Math.floor(log);
    return e >= -2 && e < 3 ? Number((10 ** log).toPrecision(2)).toString()
      : `${(10 ** (log - e)).toFixed(1)}×${power(e)}`;
  };

  function make(name, attributes, parent, text) {
    const node = name.startsWith("svg:") ? document.createElementNS(NS, name.slice(4))
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  }

  function start(figure) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const view = figure.querySelector(".view");
    const state = { task: 0, step: 0, off: new Set(), lag: null, timer: null };

    const bar = make("div", { class: "bar" }, view);
    const select = make("select", { "aria-label": "task" }, bar);
    data.tasks.forEach((task, i) => make("option", { value: i }, select, task.name));
    const play = make("button", { type: "button", class: "play" }, bar, "▶ play");
    const slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "training step" }, bar);
    const shown = make("output", {}, bar);
    const keys = make("div", { class: "keys" }, view);
    const svg = make("svg:svg", { viewBox: `0 0 ${W} ${H}`, role: "img",
      "aria-label": "gradient norm against lag at the chosen training step" }, view);

    const task = () => data.tasks[state.task];
    const lines = () => task().lines.filter((line) => !state.off.has(line.label));
    const steps = () => [...new Set(task().lines.flatMap((l) => l.frames.slice(0, -1).map((f) => f.step)))]
      .sort((a, b) => a - b);
    // The frame of a line at the slider's place: its own last one when its training has ended.
    const frame = (line) => {
      const all = steps();
      if (state.step >= all.length) return line.frames[line.frames.length - 1];
      let found = line.frames[0];
      for (const f of line.frames) if (f.step <= all[state.step]) found = f;
      return found;
    };

    function range() {
      let low = 0, high = -400, far = 1;
      for (const line of task().lines) {
        far = Math.max(far, line.lags[line.lags.length - 1]);
        for (const f of line.frames) for (const key of ["low", "high"]) for (const v of f[key]) {
          if (v !== null) { low = Math.min(low, v); high = Math.max(high, v); }
        }
      }
      return { low: Math.max(Math.floor(low), data.lowest), high: Math.ceil(high), far };
    }

    function draw() {
      W = Math.max(300, Math.round(view.clientWidth || 900));
      svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
      const { low, high, far } = range();
      const x = (lag) => LEFT + lag / far * (W - LEFT - RIGHT);
      const y = (v) => TOP + (high - Math.max(v, low)) / (high - low) * (H - TOP - BOTTOM);
      svg.replaceChildren();
      const every = [1, 2, 5, 10, 20, 50, 100].find((n) => (high - low) / n <= 9);
      for (let v = Math.ceil(low / every) * every; v <= high; v += every) {
        make("svg:line", { x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v), class: "grid" }, svg);
        make("svg:text", { x: LEFT - 8, y: y(v) + 4, "text-anchor": "end" }, svg, power(v));
      }
      const tick = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000].find((n) => far / n <= W / 90) || 2000;
      for (let lag = 0; lag <= far; lag += tick) {
        make("svg:text", { x: x(lag), y: H - BOTTOM + 18, "text-anchor": "middle" }, svg, lag);
      }
      make("svg:text", { x: (LEFT + W) / 2, y: H - 6, "text-anchor": "middle" }, svg,
        "lag: steps back from the loss, T - t");
      make("svg:text", { transform: `translate(13 ${(H - BOTTOM) / 2}) rotate(-90)`,
        "text-anchor": "middle" }, svg, "‖∂L/∂s‖");
      for (const line of lines()) {
        const f = frame(line);
        const path = (values) => line.lags.map((lag, i) => [lag, values[i]])
          .filter((p) => p[1] !== null && p[1] >= low).map(([lag, v]) => `${x(lag).toFixed(1)},${y(v).toFixed(1)}`);
        make("svg:polygon", { points: [...path(f.high), ...path(f.low).reverse()].join(" "),
          style: `fill: ${hue(line)}`, "fill-opacity": 0.14 }, svg);
        make("svg:polyline", { points: path(f.mid).join(" "), fill: "none", style: `stroke: ${hue(line)}`,
          "stroke-width": 2.2, "stroke-dasharray": line.dash,
          "stroke-opacity": line.strength ?? 1,
          "data-label": line.label }, svg);
      }
      hover(x, y, far);
      legend();
      const all = steps();
      slider.max = all.length;
      slider.value = state.step;
      shown.textContent = state.step >= all.length ? "end of training"
        : state.step === 0 && all[0] === 0 ? "step 0 (initialisation)"
        : `step ${all[state.step].toLocaleString("en")}`;
      figure.dataset.step = shown.textContent;
    }

    function hover(x, y, far) {
      if (state.lag === null) return;
      const at = x(state.lag);
      make("svg:line", { x1: at, x2: at, y1: TOP, y2: H - BOTTOM, class: "rule" }, svg);
      const rows = lines().map((line) => {
        const i = line.lags.reduce((b, lag, j) =>
          Math.abs(lag - state.lag) < Math.abs(line.lags[b] - state.lag) ? j : b, 0);
        const value = frame(line).mid[i];
        if (value !== null) {
          make("svg:circle", { cx: x(line.lags[i]), cy: y(value), r: 3.5, style: `fill: ${hue(line)}` }, svg);
        }
        return [line, value];
      }).sort((a, b) => (b[1] ?? -999) - (a[1] ?? -999));
      const left = Math.max(0, state.lag > far / 2 ? at - 178 : Math.min(at + 12, W - 168));
      const box = make("svg:g", { class: "tip", transform: `translate(${left} ${H - BOTTOM - 34 - 19 * rows.length})` }, svg);
      make("svg:rect", { width: 166, height: 28 + 19 * rows.length, rx: 5 }, box);
      make("svg:text", { x: 10, y: 19 }, box, `lag ${state.lag}`);
      rows.forEach(([line, value], i) => {
        make("svg:circle", { cx: 15, cy: 34 + 19 * i, r: 4, style: `fill: ${hue(line)}` }, box);
        make("svg:text", { x: 26, y: 38 + 19 * i }, box, line.label);
        make("svg:text", { x: 156, y: 38 + 19 * i, "text-anchor": "end" }, box, sci(value));
      });
      figure.dataset.hover = rows.map(([line, value]) => `${line.label} ${sci(value)}`).join("; ");
    }

    function legend() {
      keys.replaceChildren();
      for (const line of task().lines) {
        const rate = frame(line).rate;
        const key = make("button", { type: "button", "aria-pressed": !state.off.has(line.label) }, keys);
        const mark = make("svg:svg", { width: 26, height: 8, viewBox: "0 0 26 8", "aria-hidden": "true" }, key);
        make("svg:line", { x1: 0, x2: 26, y1: 4, y2: 4, "stroke-width": 3, "stroke-dasharray": line.dash,
          style: `stroke: ${hue(line)}`, "stroke-opacity": line.strength ?? 1 }, mark);
        make("span", {}, key, line.label);
        make("small", {}, key, rate === null ? "" : `λ ${rate.toFixed(3)}`);
        key.onclick = () => {
          if (!state.off.delete(line.label)) state.off.add(line.label);
          draw();
        };
      }
      const layers = [...new Set(task().lines.map((line) => line.layer ?? ""))].filter(Boolean);
      if (layers.length) make("span", { class: "break" }, keys);
      for (const name of layers) toggle(name);
    }

    // A layer's key switches all of its lines off, or on where all of them are off.
    function toggle(name) {
      const own = task().lines.filter((line) => line.layer === name).map((line) => line.label);
      const on = own.some((label) => !state.off.has(label));
      const key = make("button", { type: "button", class: "layer", "aria-pressed": on }, keys, name);
      key.onclick = () => {
        for (const label of own) if (on) state.off.add(label); else state.off.delete(label);
        draw();
      };
    }

    function stop() {
      clearInterval(state.timer);
      state.timer = null;
      play.textContent = "▶ play";
    }
    select.onchange = () => { state.task = Number(select.value); state.step = 0; state.lag = null; stop(); draw(); };
    slider.oninput = () => { stop(); state.step = Number(slider.value); draw(); };
    play.onclick = () => {
      if (state.timer) return stop();
      if (state.step >= steps().length) state.step = 0;
      play.textContent = "❚❚ pause";
      state.timer = setInterval(() => {
        state.step += 1;
        if (state.step >= steps().length) stop();
        draw();
      }, 500);
      draw();
    };
    svg.onpointermove = (event) => {
      const box = svg.getBoundingClientRect(), { far } = range();
      const place = (event.clientX - box.left) / box.width * W;
      const lag = Math.round((place - LEFT) / (W - LEFT - RIGHT) * far);
      state.lag = Math.min(Math.max(lag, 0), far);
      draw();
    };
    svg.onpointerleave = () => { state.lag = null; draw(); };
    new ResizeObserver(() => { if (Math.abs(view.clientWidth - W) > 1) draw(); }).observe(view);
    draw();
    figure.dataset.ready = "yes";
  }
  document.querySelectorAll("figure.panel").forEach(start);
})();
