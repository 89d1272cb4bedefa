// Tables that can be sorted, and commands that can be copied: no library, no network.
"use strict";
(() => {
  const value = (row, i) => row.cells[i].dataset.value;
  const compare = (a, b) => {
    const [x, y] = [parseFloat(a), parseFloat(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return Number.isNaN(x) ? a.localeCompare(b) : x - y;
  };

  // The rows below each heading are sorted among themselves.
  function sort(table, head, i) {
    const up = head.getAttribute("aria-sort") !== "ascending", body = table.tBodies[0];
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const groups = [[]];
    for (const row of [...body.rows]) {
      if (row.className === "group") groups.push([row]); else groups[groups.length - 1].push(row);
    }
    for (const group of groups) {
      const lead = group.filter((row) => row.className === "group");
      const rows = group.filter((row) => row.className !== "group");
      rows.sort((a, b) => {
        const [x, y] = [value(a, i), value(b, i)], empty = (v) => v === "" || v === "nan";
        if (empty(x) || empty(y)) return empty(x) - empty(y);
        return up ? compare(x, y) : compare(y, x);
      });
      body.append(...lead, ...rows);
    }
  }

  for (const table of document.querySelectorAll("figure.table table")) {
    [...table.tHead.rows[0].cells].forEach((head, i) => {
      head.querySelector("button").onclick = () => sort(table, head, i);
    });
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.onclick = async () => {
      const code = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code); // a page from a file may not write to the clipboard
        document.execCommand("copy");
      }
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    };
  }
})();
