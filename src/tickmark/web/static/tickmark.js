// Tickmark: what the pages do beyond HTML. Everything works without it; this makes it quicker.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const found = event.target.closest?.(selector);
      if (found) act(found, event);
    });

  // Colours: the server reads the cookie, so a page never flashes in the wrong ones.
  const showTheme = () => {
    const chosen = root.dataset.theme || "";
    document.querySelectorAll("[data-theme-choice]").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen)));
  };
  on("click", "[data-theme-choice]", (button) => {
    const chosen = button.dataset.themeChoice;
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
    document.cookie = `theme=${chosen}; path=/; max-age=${chosen ? 31536000 : 0}; samesite=lax`;
    showTheme();
  });

  // Dialogs: browsers that know command="show-modal" need nothing; older ones get the same here.
  if (!("command" in HTMLButtonElement.prototype)) {
    on("click", "button[commandfor]", (button) => {
      const dialog = document.getElementById(button.getAttribute("commandfor"));
      if (button.getAttribute("command") === "show-modal") dialog?.showModal();
      else dialog?.close();
    });
  }
  on("click", "dialog", (dialog, event) => { if (event.target === dialog) dialog.close(); });

  // Menus close on Escape and on a click elsewhere.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // Search: / leads to the box, arrows go from it through what was found.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || document.querySelector("dialog[open]")) return;
    const box = [...document.querySelectorAll("[data-slash]")].find((one) => one.offsetParent);
    const link = document.querySelector(".bar-search-link");
    if (!box && !link) return;
    event.preventDefault();
    if (box) box.select(); else link.click();
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const box = document.querySelector("[data-down]");
    if (!step || !box || !(event.target === box || event.target.closest?.(".hits"))) return;
    const hits = [box, ...document.querySelectorAll(`${box.dataset.down} .hits a`)];
    const next = hits[hits.indexOf(event.target) + step];
    if (next) { event.preventDefault(); next.focus(); }
  });

  on("click", "[data-copy]", async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("copied");
      button.setAttribute("aria-label", "Copied");
      setTimeout(() => { button.classList.remove("copied"); button.removeAttribute("aria-label"); }, 1500);
    } catch { window.prompt("Copy this:", button.dataset.copy); }
  });

  on("change", "[data-submit]", (input) => input.form.requestSubmit());

  // Files: say what was chosen, light up while something is dragged over.
  const kilobytes = (file) => (file.size < 1000 ? `${file.size} bytes` : `${(file.size / 1000).toFixed(1)} kB`);
  on("change", ".drop input[type=file]", (input) => {
    const names = [...input.files].map((file) => `${file.name} (${kilobytes(file)})`).join(", ");
    input.closest(".drop").querySelector(".drop-names").textContent = names || "Nothing chosen.";
  });
  on("dragover", ".drop", (drop, event) => { event.preventDefault(); drop.classList.add("over"); });
  on("dragleave", ".drop", (drop) => drop.classList.remove("over"));
  on("drop", ".drop", (drop, event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const input = drop.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // Short lists that are wholly on the page: <input data-filters="id of the list"> hides what does not fit.
  on("input", "[data-filters]", (input) => {
    const wanted = input.value.trim().toLowerCase();
    document.getElementById(input.dataset.filters)?.querySelectorAll("tbody tr, li").forEach((row) => {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
  });

  // Lists that become cards on a phone take their labels from the head of the table.
  const label = (within) => within.querySelectorAll("table.stack").forEach((table) => {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    for (const row of table.tBodies[0].rows)
      [...row.cells].forEach((cell, at) => { if (cell.tagName === "TD" && heads[at]) cell.dataset.label = heads[at]; });
  });

  // Drafts: what is typed into a long field survives a closed tab, until it is sent.
  const draftKey = (area) => `draft:${location.pathname}:${area.form?.getAttribute("action")}:${area.dataset.draft || area.name}`;
  const restore = (within) => within.querySelectorAll("form.form textarea:not([readonly])").forEach((area) => {
    const kept = localStorage.getItem(draftKey(area));
    if (kept && !area.value.trim()) area.value = kept;
  });
  on("input", "form.form textarea", (area) => {
    if (area.value) localStorage.setItem(draftKey(area), area.value);
    else localStorage.removeItem(draftKey(area));
  });
  const forget = (form) => form.querySelectorAll("textarea").forEach((area) => localStorage.removeItem(draftKey(area)));

  // Refusals: show them in the form, mark the fields they name, move the focus there.
  const place = (form) => form?.querySelector?.(".form-errors");
  const mark = (form) => {
    form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
    form.querySelectorAll(".field-bad").forEach((field) => field.classList.remove("field-bad"));
    form.querySelectorAll(".form-errors [data-field]").forEach((line) => {
      const field = form.querySelector(`.field[data-name="${CSS.escape(line.dataset.field)}"]`);
      field?.classList.add("field-bad");
      field?.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    });
    form.querySelector(".form-errors [role=alert]")?.focus();
  };
  const tell = (form, what, remedy) => {
    const area = place(form);
    if (!area) return;
    const box = Object.assign(document.createElement("div"), { className: "callout tone-bad", tabIndex: -1 });
    box.setAttribute("role", "alert");
    const body = box.appendChild(Object.assign(document.createElement("div"), { className: "callout-body" }));
    body.append(Object.assign(document.createElement("p"), { className: "callout-title", textContent: what }),
      Object.assign(document.createElement("p"), { textContent: remedy }));
    area.replaceChildren(box);
    box.focus();
  };
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt.matches?.("form.form") && detail.xhr.getResponseHeader("HX-Redirect")) forget(detail.elt);
  });
  document.addEventListener("htmx:afterSwap", ({ target }) => { if (target.matches(".form-errors")) mark(target.closest("form")); });
  let typed = new Map(); // what was typed while an answer was under way is not undone by it
  const fields = part => part.matches?.("[data-keeps-typed]") ? [...part.querySelectorAll("input:not([type=hidden]), select, textarea")] : [];
  document.addEventListener("htmx:beforeSwap", ({ detail }) => { typed = new Map(fields(detail.target).map(one => [one.name, one.value])); });
  document.addEventListener("htmx:afterSwap", ({ target }) => fields(target).forEach(one => { if (typed.has(one.name)) one.value = typed.get(one.name); }));
  document.addEventListener("htmx:responseError", ({ detail }) =>
    tell(detail.elt, `The server answered with an error (${detail.xhr.status}).`, "Whether it was recorded is not known. Reload the page to see, then try again."));
  document.addEventListener("htmx:sendError", ({ detail }) =>
    tell(detail.elt, "The server could not be reached.", "Your input is still here. Check the connection, reload in another tab to see whether it was recorded, then try again."));
  // Tabs that are wider than the window show the one that is open.
  const centre = () => document.querySelectorAll(".tabs").forEach((tabs) => {
    const open = tabs.querySelector("[aria-current]");
    if (open) tabs.scrollLeft = open.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - open.offsetWidth) / 2;
  });
  document.addEventListener("htmx:load", ({ target }) => { label(target); });
  document.addEventListener("DOMContentLoaded", () => { showTheme(); label(document); restore(document); centre(); });
})();
