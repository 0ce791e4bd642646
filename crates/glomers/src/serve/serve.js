// Runs in flight, as the server tells of them; and the list again when there is
// another run in it.
"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live) return;
  const only = live.dataset.only;
  let revision = null;
  let before = null;

  const entry = (run) => {
    const id = `${run.challenge}/${run.time}`;
    const name = document.createElement("a");
    name.href = `/runs/${id}`;
    name.textContent = run.challenge;
    const bar = document.createElement("progress");
    bar.max = run.length;
    bar.value = Math.min(run.elapsed, run.length);
    const phase = run.phase === "operations" ? "" : `${run.phase}, `;
    const text = `${phase}${run.operations} operations, ${run.elapsed.toFixed(1)} s of about ${run.length.toFixed(0)} s`;
    bar.setAttribute("aria-label", `${run.challenge}: ${text}`);
    const words = document.createElement("span");
    words.textContent = text;
    const line = document.createElement("p");
    line.dataset.running = id;
    line.append(name, " ", bar, " ", words);
    return line;
  };

  // Takes what the server would show now, and keeps what was picked.
  const refresh = async () => {
    if (only) {
      location.reload();
      return;
    }
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [fresh, list] = [page.getElementById("list"), document.getElementById("list")];
    for (const picked of list.querySelectorAll("input:checked")) {
      const again = fresh.querySelector(`input[name="${picked.name}"][value="${CSS.escape(picked.value)}"]`);
      if (again) again.checked = true;
    }
    list.replaceWith(fresh);
  };

  const events = new EventSource("/events");
  events.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    const running = state.running.filter((run) => !only || `${run.challenge}/${run.time}` === only);
    live.replaceChildren(...running.map(entry));
    live.hidden = running.length === 0;
    const ids = running.map((run) => run.time).join();
    // A run's own page changes when that run ends, the list with any run.
    const changed = only ? before !== null && before !== ids : revision !== null && revision !== state.revision;
    revision = state.revision;
    before = ids;
    if (changed) refresh();
  });
})();
