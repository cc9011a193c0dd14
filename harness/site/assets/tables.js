// Makes the tables of a page sortable and filterable with DataTables (datatables.js). Without scripts the tables are
// complete and in the order of rank.
"use strict";

const MOST_ROWS = 250; // longer tables are divided into pages, so that sorting them stays quick
const FILTERED_FROM = 6;

// cells without a number come last in both directions
const ordered = (direction) => (one, other) => {
  if (one === "" || other === "") return (one === "") - (other === "");
  return direction * (Number(one) - Number(other));
};
DataTable.ext.type.order["known-number-asc"] = ordered(1);
DataTable.ext.type.order["known-number-desc"] = ordered(-1);

for (const element of document.querySelectorAll("table.sortable")) {
  const scroll = element.closest(".scroll");
  const rows = element.tBodies[0].rows.length;
  const table = new DataTable(element, {
    autoWidth: false,
    columnDefs: [{ targets: "n", type: "known-number" }],
    info: rows >= FILTERED_FROM,
    language: {
      aria: { orderable: ": sort", orderableReverse: ": sort the other way", orderableRemove: ": leave the order" },
      info: rows > MOST_ROWS ? "_START_ to _END_ of _TOTAL_ rows" : "_TOTAL_ of _MAX_ rows",
      infoEmpty: "0 of _MAX_ rows",
      infoFiltered: "",
      search: "Filter",
      zeroRecords: "No row has these words.",
    },
    layout: {
      topStart: rows >= FILTERED_FROM ? ["search", "info"] : null,
      topEnd: null,
      bottomStart: rows > MOST_ROWS ? "paging" : null,
      bottomEnd: null,
    },
    order: [],
    pageLength: MOST_ROWS,
    paging: rows > MOST_ROWS,
    searching: rows >= FILTERED_FROM,
  });

  // the filter stands above what scrolls sideways, not in it
  const container = table.table().container();
  scroll.before(container);
  element.before(scroll);
  scroll.append(element);

  if (rows > MOST_ROWS) {
    addEventListener("beforeprint", () => table.page.len(-1).draw(false));
    addEventListener("afterprint", () => table.page.len(MOST_ROWS).draw(false));
  }
}
