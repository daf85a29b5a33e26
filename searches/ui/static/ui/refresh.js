"use strict";
// A page that shows a known answer: hears over a socket when there is a newer one, counts what it would bring and offers it,
// without moving what is being read. While sockets do not get through, it asks every 30 s.
(() => {
  const box = document.querySelector("[data-answer]");
  if (!box) return;
  const { answer, zone, some, none } = box.dataset;
  const name = encodeURIComponent(answer), lang = document.documentElement.lang, every = box.dataset.every * 1000;
  const offer = box.querySelector("[data-offer]");
  let { etag, fetched } = box.dataset, through = false, heardAt = 0, delay = 1000, ticks = 0, again, socket, over = false, unseen = [];

  const keyOf = (post) => `${post.platform}:${post.id}`;
  const cardsShown = () => Array.from(document.querySelectorAll("[data-key]"));
  // What this page's answer has: a mark for each post, most of which are on later pages; and all that was ever shown here.
  const marks = new Set((box.dataset.marks || "").split("."));
  const bytes = new TextEncoder();
  function mark(key) { // CRC-32, as in visits.py
    let crc = -1;
    for (const byte of bytes.encode(key)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return (~crc >>> 0).toString(16);
  }
  function remember() {
    for (const card of cardsShown()) marks.add(mark(card.dataset.key));
  }
  function clock(moment) {
    const day = (at) => at.toLocaleDateString("en", { timeZone: zone });
    const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
    const date = day(moment) === day(new Date()) ? {} : { month: "short", day: "numeric" };
    return new Intl.DateTimeFormat(lang, { ...date, ...time }).format(moment);
  }

  // Whether there was something new to say. An ETag that we send ourselves keeps the browser's own cache out of it.
  async function look() {
    try {
      const response = await fetch(`/api/results/${name}`, etag ? { headers: { "If-None-Match": etag } } : { cache: "no-store" });
      if (response.status === 401) stop();
      if (response.status !== 200) return false;
      const found = await response.json();
      const before = etag;
      etag = response.headers.get("ETag");
      remember();
      if (!before) { fetched = found.createdAt; return false; } // a search that has just filled this page: this is what it shows
      unseen = found.data.map(keyOf).filter((key) => !marks.has(mark(key)));
      const text = (unseen.length ? some : none).replace("{n}", unseen.length.toLocaleString(lang)).replace("{time}", clock(new Date(fetched)));
      offer.querySelector("[data-offer-words]").textContent = text;
      offer.hidden = false;
      return true;
    } catch {
      return false; // no connection just now: the next look may succeed
    }
  }
  // A web process, or a cache before it, may hear of the new answer a little later than we do.
  async function lookUntilThere(pause) {
    clearTimeout(again);
    if (!(await look()) && pause <= 64000) again = setTimeout(lookUntilThere, pause, pause * 2);
  }

  function connect() {
    if (over) return;
    through = false;
    const mine = socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws/results/${name}`);
    mine.onmessage = (event) => {
      heardAt = Date.now();
      const first = !through;
      through = true;
      delay = 1000;
      if (JSON.parse(event.data).type === "refreshed") lookUntilThere(2000);
      else if (first) look(); // what was said before we listened
    };
    mine.onclose = (event) => {
      through = false;
      if (event.code === 4401 || event.code === 4404) return;
      setTimeout(connect, delay * (0.5 + Math.random() / 2));
      delay = Math.min(60000, delay * 2);
    };
  }
  function tick() {
    if (through && Date.now() - heardAt > 45000) {
      socket.onclose = socket.onmessage = null; // lost without a word
      socket.close();
      connect();
    }
    // With a socket a look now and then is enough, for a hint that was lost on its way.
    if (!document.hidden && (!through || ++ticks % 10 === 0)) look();
    if (!over) setTimeout(tick, every);
  }
  function follow() {
    connect();
    setTimeout(tick, every);
  }
  function stop() {
    over = true;
    socket?.close();
  }

  // What is new is marked on the page that shows it.
  const memory = `new:${answer}`;
  box.querySelector("[data-show]").addEventListener("click", (event) => {
    event.currentTarget.href = location.pathname + location.search; // with the filters of now
    try { sessionStorage.setItem(memory, JSON.stringify(unseen)); } catch { /* then it is not marked */ }
  });
  let fresh = new Set();
  function recall() {
    let keys = [];
    try {
      keys = JSON.parse(sessionStorage.getItem(memory)) || [];
      sessionStorage.removeItem(memory);
    } catch { /* no storage: nothing to mark */ }
    fresh = new Set(keys);
  }
  function label() {
    for (const card of cardsShown().filter((one) => fresh.has(one.dataset.key) && !one.querySelector(".fresh"))) {
      const badge = document.createElement("span");
      badge.className = "badge fresh";
      badge.textContent = box.dataset.new;
      card.querySelector("[data-badge]").append(badge);
    }
  }

  const confirm = document.querySelector("[data-confirm]");
  confirm?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !confirm.open) return;
    confirm.open = false;
    confirm.querySelector("summary").focus();
  });
  recall();
  label();
  document.addEventListener("htmx:afterSettle", label); // other posts have come, and some of the same
  if (fetched && etag) follow();
  document.addEventListener("answered", () => {
    remember(); // a filter may take them from the page
    if (etag) lookUntilThere(2000);
    else look().then(follow);
  });
})();
