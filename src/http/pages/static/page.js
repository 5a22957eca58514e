// Conveniences of the pages. Without scripts, everything works by links and forms.
"use strict";
const root = document.documentElement;
root.classList.add("js");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const readingToken = document.querySelector("meta[name=reading-token]")?.content ?? "";

// A region with data-live is requested again from that address. A reply without changes is 304.
for (const region of all("[data-live]")) {
  const state = document.getElementById(region.dataset.state);
  const pause = document.getElementById(region.dataset.pause);
  const usual = Number(region.dataset.every) * 1000;
  let paused = sessionStorage.getItem("paused") === "yes";
  let version = region.dataset.version ?? "";
  let failures = 0;
  const show = () => pause?.setAttribute("aria-pressed", String(paused));
  const request = async () => {
    if (paused || document.hidden || region.contains(document.activeElement)) return;
    try {
      const headers = {"X-CSRF-Token": readingToken, "If-None-Match": version};
      const reply = await fetch(region.dataset.live, {headers, cache: "no-store", redirect: "error"});
      if (reply.status === 200) {
        region.innerHTML = await reply.text();
        version = reply.headers.get("ETag") ?? "";
      } else if (reply.status !== 304) {
        throw new Error(String(reply.status));
      }
      failures = 0;
      state.textContent = "";
    } catch {
      failures += 1;
      if (failures > 2) state.textContent = state.dataset.stale;
    }
  };
  const loop = async () => {
    await request();
    setTimeout(loop, Math.min(usual * 2 ** failures, 60000) * (0.9 + Math.random() / 5));
  };
  pause?.addEventListener("click", () => {
    paused = !paused;
    sessionStorage.setItem("paused", paused ? "yes" : "no");
    show();
  });
  show();
  setTimeout(loop, usual);
}

// A field with data-filter narrows the rows of a table while a person types. Its form does the same on the server.
for (const field of all("[data-filter]")) {
  const rows = all("tbody tr", document.getElementById(field.dataset.filter));
  const texts = rows.map((row) => row.textContent.toLocaleLowerCase());
  const shown = document.getElementById(field.dataset.shown);
  field.addEventListener("input", () => {
    const words = field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, place) => {
      const fits = words.every((word) => texts[place].includes(word));
      row.hidden = !fits;
      count += Number(fits);
    });
    if (shown) shown.textContent = shown.dataset.text.replace("#", String(count));
  });
}

// A box with data-all ticks those rows of a table that are shown.
for (const box of all("[data-all]")) {
  const table = document.getElementById(box.dataset.all);
  box.addEventListener("change", () => {
    for (const each of all("tbody tr:not([hidden]) input[type=checkbox]", table)) each.checked = box.checked;
  });
}

// A form is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 10000);
});
addEventListener("pageshow", () => all("form").forEach((form) => delete form.dataset.sent));

// The keys / and ?, outside of fields.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
  if (event.key === "/") {
    const field = document.querySelector("[data-filter]");
    if (field) { event.preventDefault(); field.focus(); }
  } else if (event.key === "?") {
    location.href = `${root.dataset.prefix}help`;
  }
});

// Later pages show times in the zone of this browser too.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `nbcourier-zone=${encodeURIComponent(zone)}; path=${root.dataset.prefix}; max-age=31536000; samesite=lax`;
