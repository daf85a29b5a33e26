"use strict";
// The growing grid of posts. A card is the page's own blank card, filled through its data-fill attributes: as text and as
// checked links only, so that nothing a post says can become markup.
const cards = (() => {
  const grid = document.querySelector("[data-grid]");
  const blank = document.querySelector("template[data-card]");
  const lang = document.documentElement.lang;
  const compact = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });
  const exact = new Intl.NumberFormat(lang);
  const ago = new Intl.RelativeTimeFormat(lang);
  const moment = new Intl.DateTimeFormat(lang, { dateStyle: "long", timeStyle: "short" });
  const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const seen = new Set(grid ? Array.from(grid.querySelectorAll("[data-key]"), (card) => card.dataset.key) : []);
  const waiting = [];
  let timer = 0, complete = false;

  const isLink = (value) => /^https?:\/\//i.test(value);
  const two = (number) => String(number).padStart(2, "0");
  const fill = {
    text: (slot, value) => { slot.textContent = value; },
    href: (slot, value) => { if (isLink(value)) slot.href = value; },
    src: (slot, value) => { if (isLink(value)) { slot.src = value; slot.hidden = false; } },
    platform: (slot, value) => { slot.textContent = grid.getAttribute(`data-name-${value}`) || value; },
    count: (slot, value) => { slot.textContent = compact.format(value); slot.title = exact.format(value); },
    tags: (slot, value) => { slot.textContent = value.slice(0, 6).map((tag) => `#${tag}`).join(" "); },
    duration: (slot, value) => {
      const all = Math.round(value), hours = Math.floor(all / 3600), minutes = Math.floor(all / 60) % 60;
      slot.textContent = `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(all % 60)}`;
      slot.parentElement.hidden = false;
    },
    age: (slot, value) => {
      const seconds = (value - Date.now()) / 1000;
      const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) || [];
      slot.textContent = unit ? ago.format(Math.trunc(seconds / length), unit) : grid.dataset.now;
      slot.dateTime = new Date(value).toISOString();
      slot.title = moment.format(value);
    },
  };

  function cardOf(item) {
    const card = blank.content.firstElementChild.cloneNode(true);
    card.dataset.key = `${item.platform}:${item.id}`;
    card.classList.add("new");
    for (const slot of card.querySelectorAll("[data-fill]")) {
      for (const [how, field] of slot.dataset.fill.split(" ").map((pair) => pair.split(":"))) {
        if (item[field] !== null && item[field] !== undefined) fill[how](slot, item[field]);
      }
    }
    return card;
  }

  // Fifty a frame: a thousand posts at once must not freeze the page. Skeletons give their places to the first ones.
  function draw(most) {
    const bones = Array.from(grid.querySelectorAll("[data-skeleton]"));
    const more = document.createDocumentFragment();
    for (const item of waiting.splice(0, most)) {
      if (bones.length) bones.shift().replaceWith(cardOf(item));
      else more.append(cardOf(item));
    }
    grid.append(more);
    timer = waiting.length ? setTimeout(draw, 16, 50) : 0;
    if (complete) for (const bone of bones) bone.remove();
  }

  return {
    add(items) {
      for (const item of items) {
        const key = `${item.platform}:${item.id}`;
        if (!seen.has(key)) waiting.push(item);
        seen.add(key);
      }
      if (waiting.length && !timer) timer = setTimeout(draw, 0, 50);
    },
    finish() {
      complete = true;
      clearTimeout(timer);
      draw(waiting.length);
    },
  };
})();
