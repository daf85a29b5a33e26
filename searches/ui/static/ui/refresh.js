"use strict";
// A known answer that is being refreshed: looks every 10 s whether the new one is there, and offers it.
(() => {
  const note = document.querySelector("[data-refreshing]");
  if (!note) return;
  const asIs = note.dataset.refreshing;
  const timer = setInterval(async () => {
    try {
      const text = await (await fetch(location.href)).text();
      const known = new DOMParser().parseFromString(text, "text/html").querySelector("[data-fetched]");
      if (!known || known.dataset.fetched === asIs) return;
      clearInterval(timer);
      note.querySelector("[data-waiting]").hidden = true;
      note.querySelector("[data-newer]").hidden = false;
    } catch {
      // No connection just now: the next look may succeed.
    }
  }, Number(note.dataset.every) * 1000);
})();
