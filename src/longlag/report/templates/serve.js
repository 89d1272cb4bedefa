// A results folder, live: asks for the study again and again, draws the runs that are ticked.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const MOST = 6, HUES = 9, PERIOD = 4000;
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const number = (value) => value === null || value === undefined ? "–" : Number(value.toPrecision(3)).toString();
  const ask = async (...parts) => {
    const reply = await fetch(["/api/studies", ...parts.map(encodeURIComponent)].join("/"));
    if (!reply.ok) throw new Error(`${reply.status} ${reply.statusText}`);
    return reply.json();
  };
  let shown = null, touched = false; // the study on the page; whether a person ticked runs
  const details = new Map(); // run id -> its curves

  // --- the table ------------------------------------------------------------------------------------
  const right = { hozAlign: "right", headerHozAlign: "right", formatter: (cell) => number(cell.getValue()) };
  const table = new Tabulator("#table", {
    data: [], index: "id", layout: "fitData", maxHeight: "22rem", selectableRows: MOST, placeholder: "no run is recorded yet",
    columnDefaults: { headerWordWrap: true }, initialSort: [{ column: "date", dir: "desc" }],
    columns: [
      { formatter: "rowSelection", hozAlign: "center", headerSort: false, width: 34, frozen: true, title: "" },
      { title: "cell", field: "cell", headerFilter: "input", width: 130 }, { title: "task", field: "task", headerFilter: "input", width: 150 },
      { title: "length", field: "length", ...right }, { title: "learning rate", field: "rate", ...right }, { title: "seed", field: "seed", ...right },
      { title: "stage", field: "stage", headerFilter: "input", width: 80 }, { title: "status", field: "status", headerFilter: "input", width: 100 }, { title: "metric", field: "metric" },
      { title: "test score", field: "score", ...right }, { title: "skill", field: "skill", ...right },
      { title: "seconds", field: "seconds", ...right }, { title: "recorded", field: "date" },
    ],
  });
  const built = new Promise((ready) => { table.on("tableBuilt", ready); });
  table.on("rowSelectionChanged", () => draw());
  $("table").addEventListener("click", () => { touched = true; });

  // --- charts ---------------------------------------------------------------------------------------
  const axis = () => ({ stroke: ink("soft"), grid: { stroke: ink("line"), width: 1 }, ticks: { stroke: ink("line") }, font: "12px system-ui, sans-serif" });
  function chart(node, lines) {
    node.replaceChildren();
    const some = lines.filter((line) => line.points.length);
    if (!some.length) {
      const empty = document.createElement("p");
      empty.className = "empty"; empty.textContent = "nothing to draw";
      return void node.append(empty);
    }
    const data = uPlot.join(some.map((line) => [line.points.map((p) => p[0]), line.points.map((p) => p[1])]), some.map(() => [2]));
    const width = Math.max(240, node.clientWidth);
    new uPlot({
      width, height: Math.min(300, Math.max(220, width * 0.5)), legend: { live: false, markers: { dash: (plot, i) => plot.series[i].dash?.length ? "dashed" : "solid" } }, scales: { x: { time: false } },
      axes: [axis(), { ...axis(), size: 62, values: (_, ticks) => ticks.map(number) }],
      series: [{}, ...some.map((line) => ({ label: line.label, stroke: ink(`c${line.hue % HUES}`), width: 1.8, dash: line.dash, spanGaps: true, points: { show: line.points.length < 2 } }))],
    }, data, node);
  }
  async function draw() {
    const ids = table.getSelectedData().map((run) => run.id), study = shown.name;
    await Promise.all(ids.filter((id) => !details.has(id)).map(async (id) => { details.set(id, await ask(study, id).catch(() => null)); }));
    const runs = ids.map((id) => details.get(id)).filter(Boolean);
    if (study !== shown.name) return;
    $("chosen").replaceChildren(...runs.map((run, i) => {
      const chip = document.createElement("span");
      chip.className = "chip"; chip.style.setProperty("--hue", ink(`c${i % HUES}`)); chip.textContent = run.label; chip.title = run.command;
      return chip;
    }));
    $("curve-caption").textContent = `Validation: ${[...new Set(runs.map((run) => run.metric))].join(", ") || "score"}, over training steps`;
    const curve = (name) => runs.map((run, hue) => ({ label: run.label, hue, points: run.curves[name(run)] || [] }));
    const profile = (end) => runs.flatMap((run, hue) => Object.entries(run.profiles[end]).map(([leaf, points]) => (
      { label: `${run.label}: ${leaf}`, hue, points, dash: leaf === "h" ? [] : [6, 4] })));
    chart($("curve"), curve((run) => `validation/${run.metric}`));
    chart($("loss"), curve(() => "train/loss"));
    chart($("initial"), profile("initial"));
    chart($("trained"), profile("trained"));
  }

  // --- the study ------------------------------------------------------------------------------------
  function tell(study) {
    const left = study.total === null ? null : Math.max(0, study.total - study.done - study.failed.length - study.live.length);
    $("title").textContent = study.title; $("question").textContent = study.question; document.title = `${study.name} · longlag`;
    const bar = $("progress");
    if (study.total === null) bar.removeAttribute("value"); else { bar.max = study.total; bar.value = study.done; }
    bar.hidden = study.total === null;
    $("facts").textContent = `${study.done} ${study.total === null ? "" : `of ${study.total} `}runs recorded`
      + (study.live.length ? `, ${study.live.length} training` : "")
      + (study.failed.length ? `, ${study.failed.length} failed` : "") + (left ? `, ${left} to go` : "");
    $("live").replaceChildren(...study.live.map((run) => {
      const item = document.createElement("li"), bar = document.createElement("progress"), text = document.createElement("span");
      bar.max = run.steps || 1; bar.value = run.step || 0;
      bar.setAttribute("aria-label", `steps of ${run.label}`);
      text.textContent = `${run.label}: step ${run.step} of ${run.steps}, validation ${run.metric} ${number(run.score)}, `
        + `${Math.round(run.seconds || 0)} s` + (run.age > 60 ? `; last heard of ${Math.round(run.age / 60)} min ago` : "");
      item.append(bar, text);
      return item;
    }));
    $("failed").hidden = !study.failed.length;
    $("failed").querySelector("summary").textContent = `${study.failed.length} failed`;
    $("failed").querySelector("ul").replaceChildren(...study.failed.map((one) => {
      const item = document.createElement("li");
      item.textContent = `${one.command}: ${one.error}`;
      return item;
    }));
    $("report").hidden = !study.report; $("report").href = `/report/${encodeURIComponent(study.name)}`;
  }
  const first = (runs) => { // the newest final run, and one of each other cell that is its like
    const training = (run) => run.status === "training";
    const newest = [...runs].sort((a, b) => training(b) - training(a) || (b.stage === "final") - (a.stage === "final") || b.date.localeCompare(a.date));
    if (!newest.length) return [];
    const alike = newest.filter((run) => run.task === newest[0].task && run.length === newest[0].length), found = new Map();
    for (const run of alike) if (!found.has(run.cell)) found.set(run.cell, run.id);
    return [...found.values()].slice(0, 3);
  };
  async function refresh() {
    try {
      const names = await ask(), select = $("study");
      if (names.join() !== [...select.options].map((o) => o.value).join()) {
        const wanted = select.value || decodeURIComponent(location.hash.slice(1));
        select.replaceChildren(...names.map((name) => new Option(name, name)));
        if (names.includes(wanted)) select.value = wanted;
      }
      if (!select.value) return void ($("state").textContent = "there is no record yet");
      const study = await ask(select.value), other = !shown || shown.name !== study.name;
      const same = !other && JSON.stringify(study) === JSON.stringify(shown);
      const moved = [...(other ? [] : shown.live), ...study.live].map((run) => run.id);
      shown = study;
      for (const id of moved) details.delete(id);
      if (other) { details.clear(); touched = false; location.hash = encodeURIComponent(study.name); }
      if (!same) {
        tell(study);
        await built;
        if (other) await table.setData(study.runs); else {
          const there = new Set(study.runs.map((run) => run.id));
          for (const row of table.getRows()) if (!there.has(row.getData().id)) row.delete(); // it failed
          await table.updateOrAddData(study.runs);
        }
        const wanted = first(study.runs), ticked = table.getSelectedData().map((run) => run.id);
        if (!touched && wanted.join() !== ticked.join()) {
          table.deselectRow(); table.selectRow(wanted);
          if (wanted.length) table.scrollToRow(wanted[0], "top").catch(() => {}); // a filter may hide it
        }
        else if (moved.length) draw();
      }
      $("state").textContent = "";
    } catch (error) {
      $("state").textContent = `no answer: ${error.message}`;
    }
  }
  $("study").onchange = refresh;
  const themes = ["auto", "light", "dark"];
  $("theme").onclick = () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3];
    if (next === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = next;
    $("theme").textContent = `◐ ${next}`;
    if (shown) draw();
  };
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => shown && draw(), 150); });
  refresh();
  setInterval(() => { if (!document.hidden) refresh(); }, PERIOD);
})();
