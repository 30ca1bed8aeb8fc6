/* Beside the plain pages: names for what Datasette leaves unnamed, commands that can be copied. */

/* Charts are shown larger than datasette-vega draws them: let it draw as many more dots. It looks
   once, when it is loaded, and this is loaded before. */
Object.defineProperty(window, "devicePixelRatio", {
  value: 2 * Math.max(1, window.devicePixelRatio),
  configurable: true,
});

document.addEventListener("DOMContentLoaded", () => {
  "use strict";

  document.documentElement.lang ||= "en";

  /* A report has its chart however one came to it: datasette-vega reads the fragment, after this. */
  const chart = document.querySelector("[data-chart]")?.dataset.chart;
  if (chart && !location.hash) history.replaceState(null, "", `#${chart}`);

  const content = document.querySelector("section.content");
  if (content) {
    content.id ||= "content";
    content.setAttribute("role", "main");
    content.tabIndex = -1;
  }
  const nameAll = (selector, name) => {
    for (const element of document.querySelectorAll(selector)) element.ariaLabel ||= name;
  };
  nameAll(".filters select[name^=_filter_column]", "Column to filter by");
  nameAll(".filters select[name^=_filter_op]", "Comparison");
  nameAll(".filters input[name^=_filter_value]", "Value to compare with");
  nameAll("#sort_by", "Sort by");
  nameAll("#sql-editor", "SQL");
  // Datasette makes its editor when all is loaded, and types go into a field that the editor makes.
  window.addEventListener("load", () => nameAll(".CodeMirror textarea", "SQL"));

  /* Where a table would be there is none if it has no rows: datasette-vega would fail over it. */
  if (!document.querySelector("table.rows-and-columns")) {
    document.querySelector(".export-links")?.classList.remove("export-links");
  }

  /* The rows of a report come first: datasette-vega puts its chart before them. */
  const place = document.querySelector(".chart");
  window.addEventListener("load", () => {
    const chart = document.querySelector(".table-wrapper > div");
    if (!place || !chart) return;
    place.append(chart);
    if (!place.querySelector("#chart-settings")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jump";
    button.textContent = "Chart";
    button.addEventListener("click", () => place.scrollIntoView());
    document.querySelector(".actions").append(button);
  });

  /* Datasette opens its menus of columns by mouse only. */
  const menu = document.querySelector(".dropdown-menu");
  let opener;
  for (const icon of document.querySelectorAll(".dropdown-menu-icon")) {
    icon.setAttribute("role", "button");
    icon.setAttribute("aria-haspopup", "true");
    icon.setAttribute("aria-label", `More about the column ${icon.closest("th").dataset.column}`);
    icon.setAttribute("tabindex", "0");
    icon.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      opener = icon;
      icon.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
      [...menu.querySelectorAll("a")].find((link) => link.offsetParent)?.focus();
    });
  }
  const closeMenu = () => document.body.click(); // what Datasette closes it by
  menu?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    closeMenu();
    opener?.focus();
  });
  menu?.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) closeMenu();
  });

  /* Reports are filtered as one types; without a script a button does it. */
  const filter = document.querySelector("#report-text");
  filter?.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    const said = (item) => `${item.textContent} ${item.dataset.words ?? ""}`.toLowerCase();
    let shown = 0;
    for (const list of document.querySelectorAll(".content .reports")) {
      let here = 0;
      for (const item of list.children) {
        item.hidden = !words.every((word) => said(item).includes(word));
        here += !item.hidden;
      }
      const section = list.parentElement;
      section.hidden = here === 0;
      if (section.matches("details")) section.open = filter.value.trim() !== "";
      shown += here;
    }
    document.querySelector("#no-report").hidden = shown > 0;
  });

  /* Commands: a button in each cell, made here because without a script it could do nothing. */
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.body.append(said);

  for (const command of document.querySelectorAll("code.command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy the command ${command.textContent}`);
    button.addEventListener("click", async () => {
      const done = await copied(command);
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      said.textContent = done ? "Copied." : "The command is selected.";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    command.after(button);
  }

  /* True if the text is on the clipboard; else it is selected, for the reader to copy. */
  async function copied(element) {
    try {
      await navigator.clipboard.writeText(element.textContent);
      return true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(element);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      return document.execCommand("copy");
    }
  }
});
