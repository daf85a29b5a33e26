"use strict";
// Ages are written by the server; this keeps them true while a page is open. The words are those of ui.age.
(() => {
  const lang = document.documentElement.lang;
  const ago = new Intl.RelativeTimeFormat(lang);
  const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  function renew() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-age][datetime]")) {
      const seconds = (Date.parse(time.dateTime) - now) / 1000;
      const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) || [];
      const text = unit && ago.format(Math.trunc(seconds / length), unit);
      // "Just now" is the server's own word, and what is that has been from the start.
      if (text && text !== time.textContent) time.textContent = text;
    }
  }
  setInterval(() => { if (!document.hidden) renew(); }, 30000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
})();
