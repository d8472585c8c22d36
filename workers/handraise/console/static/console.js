// The little that a page does by itself; everything else is htmx. Without this file every page still works.
"use strict";
(() => {
  const zone = document.querySelector("[data-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  // A choice shows what it chooses without a button, and has the focus on the page that comes, for the next key.
  const left = sessionStorage.getItem("chosen");
  sessionStorage.removeItem("chosen");
  if (left) document.getElementById(left)?.focus();
  for (const form of document.querySelectorAll("form[data-submits]")) {
    form.addEventListener("change", (event) => {
      sessionStorage.setItem("chosen", event.target.id);
      form.requestSubmit();
    });
  }

  // What is a row of choices on a wide screen is folded on a narrow one.
  if (matchMedia("(max-width: 640px)").matches) {
    for (const choices of document.querySelectorAll("details[data-wide-open]")) choices.removeAttribute("open");
  }

  // The row of the one that is shown is marked at once, and stays so in a list that was asked for before.
  let chosen = document.querySelector(".row[aria-current]")?.id;
  const mark = () => {
    for (const row of document.querySelectorAll(".row")) {
      if (row.id === chosen) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  };
  document.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) { chosen = row.id; mark(); }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "list") mark();
    // On a narrow screen the detail takes the place of the list.
    if (event.target.id === "detail" && location.pathname.startsWith("/now/")) document.body.classList.add("has-chosen");
  });

  // A part that was refused, or never came, leaves the page as it is, and says so until what one does next works.
  const failure = document.getElementById("failure");
  const away = "The console does not answer. Try again in a moment.";
  let failed = null;
  const tell = (detail, text) => { failed = detail; failure.textContent = text; failure.hidden = !text; };
  const isHtml = (xhr) => /^text\/html\b/i.test(xhr.getResponseHeader("Content-Type") || "");
  // A whole page belongs into no part of one, nor does what a proxy answers where the console does not.
  const isPart = (xhr) => isHtml(xhr) && !/^\s*<(!doctype|html)\b/i.test(xhr.responseText);
  const toldBy = (xhr) => isHtml(xhr)
    ? new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-told]")?.textContent
    : xhr.responseText;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status >= 400 && !isPart(xhr)) Object.assign(event.detail, { shouldSwap: false, isError: true });
  });
  const refused = (event) => {
    const { xhr } = event.detail;
    tell(event.detail, toldBy(xhr) || (xhr.status > 501 ? away : "That did not work."));
  };
  const lost = (event) => tell(event.detail, away);
  const worked = (event) => {
    const { xhr, requestConfig, successful, target } = event.detail;
    if (!failed || !successful) return;
    const isSame = requestConfig.elt === failed.requestConfig.elt;
    const isInItsPlace = target === failed.target && xhr.status !== 204;
    if (isSame || isInItsPlace || requestConfig.verb !== "get") tell(null, "");
  };
  document.addEventListener("htmx:beforeRequest", ({ target }) => {
    // Asked of the element itself: one that is replaced before the answer comes is no part of the document any more.
    target.addEventListener("htmx:responseError", refused);
    target.addEventListener("htmx:sendError", lost);
    target.addEventListener("htmx:afterOnLoad", worked);
  });

  // What has the focus may be disabled meanwhile, and gone afterwards: then it goes to the place where that was.
  document.addEventListener("htmx:beforeRequest", ({ target, detail: asked }) => {
    const element = document.activeElement;
    const before = asked.target.previousElementSibling;
    if (!target.contains(element) && !asked.target.contains(element)) return;
    const give = ({ detail }) => {
      if (detail.requestConfig !== asked.requestConfig) return;
      target.removeEventListener("htmx:afterRequest", give);
      if (document.activeElement !== document.body) return;
      const same = element.isConnected ? element : document.getElementById(element.id);
      const place = same || (asked.target.isConnected
        ? asked.target.querySelector("[tabindex]") : before?.nextElementSibling?.querySelector("a"));
      const top = place?.getBoundingClientRect().top;
      // Whoever has scrolled away from it meanwhile stays where they read.
      place?.focus({ preventScroll: top < 0 || top > innerHeight });
    };
    target.addEventListener("htmx:afterRequest", give);
  });
  // Whoever still holds Enter down has pressed one thing, and not what has the focus after it.
  document.addEventListener("keydown", (event) => {
    if (event.repeat && event.key === "Enter" && event.target.matches("a, button")) event.preventDefault();
  });

  // The editor: numbers beside the lines, those with a problem marked, and a way from a problem to its line.
  const code = document.querySelector("[data-code]");
  const gutter = document.querySelector("[data-gutter]");
  const number = () => {
    const marked = new Set([...document.querySelectorAll("#problems [data-line]")].map((one) => Number(one.dataset.line)));
    const lines = code.value.split("\n").map((_, at) => {
      const line = document.createElement(marked.has(at + 1) ? "b" : "span");
      line.textContent = `${at + 1}\n`;
      return line;
    });
    gutter.replaceChildren(...lines);
    gutter.scrollTop = code.scrollTop;
  };
  if (code && gutter) {
    code.addEventListener("input", number);
    code.addEventListener("scroll", () => { gutter.scrollTop = code.scrollTop; });
    new ResizeObserver(() => { gutter.style.height = `${code.offsetHeight}px`; }).observe(code);
    document.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "problems") number(); });
    document.addEventListener("click", (event) => {
      const line = event.target.closest("#problems [data-line]");
      if (!line) return;
      const before = code.value.split("\n").slice(0, Number(line.dataset.line) - 1);
      const start = before.reduce((length, text) => length + text.length + 1, 0);
      code.focus();
      code.setSelectionRange(start, start + (code.value.slice(start).split("\n")[0] || "").length);
      code.scrollTop = Math.max(0, before.length - 4) * parseFloat(getComputedStyle(code).lineHeight);
    });
    number();
  }

  const move = (step) => {
    const rows = [...document.querySelectorAll(".row")];
    const at = rows.findIndex((row) => row.id === chosen);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    if (next) { next.focus(); next.click(); }
  };

  // A note that is being written outlives the part around it, which the server sends anew.
  const notes = new Map();
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-note]")) notes.set(event.target.id, event.target.value);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("form.actions")) notes.clear();
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const note of document.querySelectorAll("[data-note]")) {
      if (!note.value && notes.has(note.id)) note.value = notes.get(note.id);
    }
  });

  // One letter, only where nobody is writing: j and k go through the list, the others press the button they are on.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "j" || event.key === "k") { move(event.key === "j" ? 1 : -1); return; }
    const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (button && !event.repeat) button.click();
  });
})();
