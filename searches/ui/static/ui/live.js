"use strict";
// The page of a search in progress. News comes over a socket; while sockets do not get through, by asking every 2 s.
// Where the search refreshes an answer that the page shows, its posts are left to refresh.js.
(() => {
  const box = document.querySelector("[data-live]");
  if (!box) return;
  const $ = (name) => box.querySelector(`[data-${name}]`);
  const { job, eta, kept, lost, gone, signedOut } = box.dataset;
  const title = document.title, refresh = "refresh" in box.dataset;
  let cursor = box.dataset.since, socket, dog, heardAt, delay = 500, failures = 0, asking = false, over = false, said = -5000, saying, asker;

  // Words: what is shown changes at once; what a screen reader says, at most every 5 s.
  function show(text) {
    $("status").textContent = text;
    clearTimeout(saying);
    saying = setTimeout(() => { said = performance.now(); $("say").textContent = text; }, Math.max(0, said + 5000 - performance.now()));
  }
  function tell(told) {
    if (!told.status || over) return;
    show(told.message);
    strip.show(told.platforms || []);
    document.title = told.itemCount ? `(${told.itemCount}) ${title}` : title;
    $("progress").value = told.progress;
    $("left").textContent = told.status === "running" && told.estimatedWaitSeconds ? eta.replace("{time}", span(told.estimatedWaitSeconds)) : "";
    if (!isOpen(told)) end(told.status);
  }
  function isOpen(told) {
    return told.status === "queued" || told.status === "running";
  }
  function span(seconds) {
    const [unit, value] = seconds < 90 ? ["second", seconds] : ["minute", Math.round(seconds / 60)];
    return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(value);
  }
  function end(state) {
    over = true;
    clearInterval(dog);
    socket.close();
    if (box.contains(document.activeElement)) $("status").focus();
    box.dataset.state = state;
    $("left").textContent = "";
    $("cancel").remove();
    $("hint").textContent = state === "completed" ? kept : "";
    $("again").hidden = state === "completed" || state === "signed-out";
    $("sign-in").hidden = state !== "signed-out";
    if (!refresh) cards.finish();
    if (state !== "completed") return;
    if (refresh) box.querySelector("h2").textContent = box.dataset.refresh;
    document.dispatchEvent(new Event("answered"));
  }
  function refused(status) {
    show(status === 401 ? signedOut : gone);
    end(status === 401 ? "signed-out" : "gone");
  }

  function connect() {
    if (over) return;
    const mine = socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws/search/${job}?since=${cursor}`);
    let heard = false;
    const drop = (event) => {
      mine.onmessage = mine.onclose = null; // a socket that is lost without a word may take minutes to close
      mine.close();
      clearInterval(dog);
      if (over) return;
      if (event && (event.code === 4401 || event.code === 4404)) { refused(event.code - 4000); return; }
      if (!heard && ++failures >= 3 && !asking) ask();
      setTimeout(connect, delay * (0.5 + Math.random() / 2));
      delay = Math.min(15000, delay * 2);
    };
    mine.onclose = drop;
    mine.onmessage = (event) => {
      heardAt = Date.now();
      // Only a message shows that the way is free: a server that accepts and then fails would be asked without a pause.
      [heard, delay, failures, asking] = [true, 500, 0, false];
      const message = JSON.parse(event.data);
      if (message.type === "items") take(message);
      // A snapshot may already say that it is over; what was found comes behind it, and the end is told after that.
      else if (message.type !== "snapshot" || isOpen(message)) tell(message);
    };
    heardAt = Date.now();
    dog = setInterval(() => { if (Date.now() - heardAt > box.dataset.silence * 1000) drop(); }, 1000);
  }
  function take(page) {
    cursor = page.next;
    if (!refresh) cards.add(page.items);
  }

  async function get(path, method = "GET") {
    const answer = await fetch(`/api/search/${job}${path}`, { method });
    if (!over && (answer.status === 401 || answer.status === 404)) refused(answer.status);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  }
  async function ask() {
    asking = true;
    clearTimeout(asker);
    try {
      const told = await get("");
      for (let before = null; asking && before !== cursor;) {
        before = cursor;
        const page = await get(`/items?since=${cursor}&limit=500`);
        if (asking) take(page);
      }
      if (asking) tell(told);
    } catch {
      if (asking && !over) show(lost);
    }
    asker = setTimeout(() => { if (asking && !over) ask(); }, 2000);
  }

  $("cancel").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.dataset.sent) return;
    form.dataset.sent = "yes"; // a disabled button would lose the focus
    const plainly = () => { if (!over) form.submit(); };
    setTimeout(plainly, 5000);
    if (socket.readyState === WebSocket.OPEN && !asking) socket.send('{"type":"cancel"}');
    else get("/cancel", "POST").then(tell, plainly);
  });
  connect();
})();
