"use strict";
// The row of sources: puts what each message says of them into the places that the server has rendered, as text only.
const strip = (() => {
  const list = document.querySelector("[data-strip]");
  const words = list ? list.dataset : {};
  const sources = list ? Array.from(list.querySelectorAll("[data-source]")) : [];

  function state(row) {
    if (row.suspendedUntil) return "paused";
    if (row.status !== "completed") return row.status;
    return row.stale ? "stale" : row.partial ? "partial" : "completed";
  }
  // A scraper that filters by a wider window than was asked for: what is older than asked is left out afterwards.
  function wider({ askedDays, actorDays, status }) {
    if (askedDays === null || !["running", "completed"].includes(status) || (actorDays !== null && actorDays <= askedDays)) return "";
    return words.wider.replace("{asked}", days(askedDays)).replace("{gives}", days(actorDays));
  }
  function days(count) {
    const long = () => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "day", unitDisplay: "long" }).format(count);
    return count === null ? words.windowAny : words[`window-${count}`] || long();
  }

  return {
    show(rows) {
      sources.forEach((source, i) => {
        const row = rows[i];
        if (!row) return;
        const put = (name, text) => { source.querySelector(`[data-${name}]`).textContent = text; };
        const now = state(row);
        source.dataset.state = now;
        put("name", row.name);
        put("word", words[now] || now);
        put("note", now === "queued" || now === "cancelled" ? "" : row.message);
        put("window", wider(row));
      });
    },
  };
})();
