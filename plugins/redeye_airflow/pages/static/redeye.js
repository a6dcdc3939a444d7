// Theme as Airflow has it, links that lead out of the frame, parts that are fetched after the page.
"use strict";
(function () {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function theme() {
    let chosen = null;
    try { chosen = window.localStorage.getItem("theme"); } catch (refused) { chosen = null; }
    if (chosen !== "light" && chosen !== "dark") { chosen = dark.matches ? "dark" : "light"; }
    root.dataset.theme = chosen;
  }
  theme();
  window.addEventListener("storage", theme);
  dark.addEventListener("change", theme);

  // The frame may not navigate what is around it; a link made out there may.
  function outside(event) {
    const link = event.target.closest ? event.target.closest("a[data-top], a[data-new]") : null;
    if (!link || window.parent === window || event.defaultPrevented) { return; }
    const page = window.parent.document;
    const there = page.createElement("a");
    there.href = link.href;
    if (link.hasAttribute("data-new") || event.ctrlKey || event.metaKey) {
      there.target = "_blank";
      there.rel = "noopener noreferrer";
    }
    event.preventDefault();
    page.body.appendChild(there);
    there.click();
    there.remove();
  }

  // Airflow's menu only changes the address around the frame, which stays as it is: whoever clicks there wants the first page.
  const first = new URL("../", document.currentScript.src).href;
  function returnToFirst(event) {
    const link = event.target.closest ? event.target.closest("a[href]") : null;
    const isOurs = link && new URL(link.href).pathname.endsWith("/plugin/redeye");
    if (isOurs && !event.ctrlKey && !event.metaKey && !event.shiftKey) { window.location.assign(first); }
  }
  if (window.parent !== window) {
    try {
      const around = window.parent.document;
      around.addEventListener("click", returnToFirst);
      window.addEventListener("pagehide", function () { around.removeEventListener("click", returnToFirst); });
      // A page that the browser kept comes back without being loaded.
      window.addEventListener("pageshow", function (event) { if (event.persisted) { around.addEventListener("click", returnToFirst); } });
    } catch (elsewhere) { /* Framed by a page of another site, which has a menu of its own. */ }
  }

  async function fetchPart(holder) {
    const link = holder.querySelector("a");
    const told = document.createElement("p");
    told.className = "quiet";
    told.setAttribute("role", "status");
    told.textContent = holder.dataset.wait || "Reading …";
    holder.replaceChildren(told);
    try {
      const answer = await fetch(holder.dataset.fetch, { credentials: "same-origin", headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.querySelector("[data-part]") || page.querySelector(".fault");
      if (!part) { throw new Error("no part"); }
      holder.replaceChildren(document.importNode(part, true));
    } catch (failed) {
      told.textContent = "It could not be read. ";
      told.removeAttribute("role");
      if (link) { told.append(link); }
    }
  }

  document.addEventListener("input", function (event) {
    const narrowed = event.target.dataset.narrows;
    if (!narrowed) { return; }
    const wanted = event.target.value.trim().toLowerCase();
    document.querySelectorAll(narrowed).forEach(function (each) { each.hidden = !(each.querySelector("summary") || each).textContent.toLowerCase().includes(wanted); });
  });
  document.addEventListener("click", outside);
  document.addEventListener("click", function (event) {
    const link = event.target.closest ? event.target.closest("[data-wait] a") : null;
    if (!link || link.closest("[data-part]")) { return; }
    event.preventDefault();
    fetchPart(link.closest("[data-fetch]"));
  });
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-fetch]:not([data-wait])").forEach(fetchPart);
  });
  // A page of something that goes on: its part is read again until the server says that it has ended.
  async function refreshPart(part) {
    try {
      const answer = await fetch(window.location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById(part.id);
      if (answer.ok && now && !part.contains(document.activeElement)) {
        const next = document.importNode(now, true);
        part.replaceWith(next);
        part = next;
      }
    } catch (failed) { /* The server is being started again: the next look shows. */ }
    if (part.dataset.refresh) { window.setTimeout(refreshPart, 1000 * Number(part.dataset.refresh), part); }
  }
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-refresh]").forEach(function (part) {
      window.setTimeout(refreshPart, 1000 * Number(part.dataset.refresh), part);
    });
  });
  // A table larger than its box can be scrolled by keys, too; a wider one says so, see the style sheet.
  const boxes = new ResizeObserver(function (seen) {
    seen.forEach(function (each) {
      const box = each.target;
      if (box.hasAttribute("aria-label") && !box.dataset.scrolls) { return; }
      const isWide = box.scrollWidth > box.clientWidth;
      const scrolls = isWide || box.scrollHeight > box.clientHeight;
      const heading = (box.closest("section, [data-part]") || document).querySelector("h1, h2, h3");
      const told = { tabindex: "0", role: "region", "aria-label": (heading ? heading.textContent.trim() + ": " : "") + "table" };
      Object.keys(told).forEach(function (name) {
        if (scrolls) { box.setAttribute(name, told[name]); } else { box.removeAttribute(name); }
      });
      if (scrolls) { box.dataset.scrolls = "yes"; } else { delete box.dataset.scrolls; }
      box.toggleAttribute("data-wide", isWide);
    });
  });
  function watchBoxes(inside) { inside.querySelectorAll(".scroll").forEach(function (box) { boxes.observe(box); }); }
  document.addEventListener("DOMContentLoaded", function () {
    watchBoxes(document);
    new MutationObserver(function () { watchBoxes(document); }).observe(document.body, { childList: true, subtree: true });
  });
  // A form that was sent is not sent twice.
  document.addEventListener("submit", function (event) {
    const button = event.target.querySelector("button.do");
    if (button) { window.setTimeout(function () { button.disabled = true; }, 0); }
  });
})();
