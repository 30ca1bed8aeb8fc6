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

  /* Charts. What draws them is larger than all the rest: it is loaded when somebody comes to see
     one. It looks for the rows of the page's link to its JSON, in the moment in which it starts. */
  const drawsWith = document.querySelector("meta[name=draws-with]")?.content;
  const table = document.querySelector("table.rows-and-columns");
  const json = document.querySelector(".export-links a[href*=json]");
  let program;

  /* The function that datasette-vega would have called when the page was there, which it is. */
  function loaded() {
    program ??= new Promise((resolve, reject) => {
      let start;
      document.addEventListener = (type, listener, ...rest) => {
        if (type === "DOMContentLoaded") start = listener;
        else EventTarget.prototype.addEventListener.call(document, type, listener, ...rest);
      };
      const script = document.createElement("script");
      script.src = drawsWith;
      script.addEventListener("load", () => resolve(start));
      script.addEventListener("error", reject);
      document.head.append(script);
    }).finally(() => delete document.addEventListener);
    return program;
  }

  async function draw(place, address) {
    const start = await loaded();
    place.querySelector(".drawing")?.remove();
    const own = json.getAttribute("href");
    json.setAttribute("href", address ?? own);
    start();
    json.setAttribute("href", own);
    const drawing = table.previousElementSibling;
    drawing.classList.add("drawing");
    place.append(drawing);
  }

  /* A picture has a name for whoever cannot see it, and a change leaves the keyboard where it was. */
  function watch(place) {
    new MutationObserver(() => {
      for (const canvas of place.querySelectorAll("canvas:not([role])")) {
        canvas.setAttribute("role", "img");
        canvas.ariaLabel = place.dataset.name ?? "Chart of these rows";
      }
      const left = place.dataset.focus && place.querySelector(place.dataset.focus);
      if (!left) return;
      delete place.dataset.focus;
      left.focus();
    }).observe(place, { childList: true, subtree: true });
  }

  const report = document.querySelector(".chart");
  if (report && drawsWith && table && json) {
    report.hidden = false;
    watch(report);
    let drawn;

    /* As the address says, by which a chart is shared, else as the report does. */
    async function drawReport() {
      const given = location.hash.startsWith("#g.");
      const asked = given ? location.hash.slice(1) : report.dataset.chart;
      const words = asked.split("&").sort().join("&");
      if (words === drawn) return;
      drawn = words;
      if (!given) history.replaceState(history.state, "", `#${asked}`);
      const address = report.dataset.feed + asked;
      const answer = await (await fetch(address)).json();
      report.querySelector(".chart-note").textContent = answer.error ?? answer.note;
      report.dataset.name = answer.name;
      if (!(answer.rows?.length > 1)) return;
      const focus = report.contains(document.activeElement) && document.activeElement;
      if (focus?.name) report.dataset.focus = `.drawing [name=${focus.name}]`;
      await draw(report, address);
    }
    new IntersectionObserver((seen, observer) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      observer.disconnect();
      window.addEventListener("hashchange", drawReport);
      drawReport();
    }, { rootMargin: "200px" }).observe(report);

    const button = document.createElement("button");
    button.type = "button";
    button.className = "jump";
    button.textContent = "Chart";
    button.addEventListener("click", () => report.scrollIntoView());
    document.querySelector(".actions").append(button);
  } else if (drawsWith && table && json && !document.querySelector(".about")) {
    const place = document.createElement("div");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show charting options";
    place.append(button);
    table.before(place);
    watch(place);
    const show = async () => {
      button.remove();
      await draw(place);
      if (!location.hash.startsWith("#g.")) place.querySelector("button")?.click();
      if (!document.querySelector("a[href*='_next=']")) return;
      const note = document.createElement("p");
      note.className = "quiet";
      note.textContent = "A chart shows the rows of this page only.";
      place.append(note);
    };
    button.addEventListener("click", show);
    if (location.hash.startsWith("#g.")) show();
  }

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
