// Sorts and filters the tables of a page. Without it they are complete, the best first.
"use strict";

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const names = [...table.tHead.rows[0].cells];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.n !== undefined) return Number(cell.dataset.n);
    return cell.textContent.trim();
  };

  // numbers before texts, and what is empty last, whichever way the rest is sorted
  const compare = (one, other, direction) => {
    if (one === "" || other === "") return (one === "") - (other === "");
    if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
    const order = typeof one === "number" ? one - other : one.localeCompare(other, "en");
    return direction * order;
  };

  names.forEach((name, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name.textContent;
    name.replaceChildren(button);
    name.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const direction = name.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      names.forEach((other) => other.setAttribute("aria-sort", "none"));
      name.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      const sorted = rows.map((row) => [key(row, column), row]);
      sorted.sort(([one], [other]) => compare(one, other, direction));
      body.replaceChildren(...sorted.map(([, row]) => row));
    });
  });

  if (rows.length > 5) {
    const filter = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const shown = document.createElement("span");
    filter.className = "filter";
    label.append("Filter ", input);
    input.type = "search";
    shown.setAttribute("role", "status");
    shown.textContent = `${rows.length} rows`;
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const row of rows) {
        const match = wanted.every((word) => texts.get(row).includes(word));
        row.hidden = !match;
        count += match;
      }
      shown.textContent = `${count} of ${rows.length} rows`;
    });
    filter.append(label, shown);
    table.parentElement.before(filter);
  }
}
