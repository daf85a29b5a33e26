"use strict";
// The filters of an answer, where htmx is there: keeps what is typed, open and in focus while the posts are exchanged. The
// address is the truth: after each exchange the fields show what it says.
(() => {
  const tools = () => document.querySelector("[data-tools]");
  const isLate = (target) => target instanceof Element && target.matches("[data-late]");

  // A creator or a tag is only one when it is typed to its end.
  document.addEventListener("input", (event) => { if (isLate(event.target)) event.stopPropagation(); }, true);
  document.addEventListener("change", (event) => { if (isLate(event.target) && event.target.value) tools().requestSubmit(); });

  const touched = new Set(); // typed in, and not asked with yet
  document.addEventListener("input", ({ target }) => { touched.add(target); });
  function sync() {
    const said = new URLSearchParams(location.search);
    for (const next of document.querySelectorAll("input[name=next]")) next.value = location.pathname + location.search;
    for (const field of document.querySelectorAll("[data-put], [data-late]")) {
      if (touched.has(field)) continue;
      if (field !== document.activeElement) field.value = said.get(field.dataset.put) || "";
      else if ("late" in field.dataset) field.value = "";
    }
  }
  let asked; // what was pressed in the part that is exchanged
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    asked = detail.elt;
    if (asked === tools()) touched.clear();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (new URL(xhr.responseURL, location.href).pathname === location.pathname) return;
    event.detail.shouldSwap = false; // signed out meanwhile: the way to the door, for the whole page
    location.reload();
  });
  document.addEventListener("htmx:afterSettle", () => {
    sync();
    // What had the focus may be gone with its filter: then the focus goes to what its press has brought.
    if (asked && !asked.isConnected && document.activeElement === document.body) {
      (document.getElementById("asked-count") || document.getElementById("sort"))?.focus({ preventScroll: true });
    }
    asked = undefined;
  });
  // Without a connection, or with a server that fails, the plain way: the browser says what is wrong.
  for (const failure of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(failure, ({ detail }) => { location.href = detail.pathInfo.finalRequestPath; });
  }
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target instanceof Element && event.target.closest("#filters[open]");
    if (!open || event.target.matches("input[type=search]")) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
})();
