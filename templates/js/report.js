/* What the page can do beyond being read: without this script it is complete all the same. */
"use strict";

(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  root.classList.add("scripted");

  /* --- Contents: closed where they lie above the text, and the section being read is marked --- */

  const contents = document.querySelector("nav.contents details");
  const here = document.querySelector("nav.contents .here");
  const isWide = matchMedia("(min-width: 75rem)");

  const fitContents = () => { contents.open = isWide.matches; };

  const markSection = (links) => {
    const line = innerHeight * 0.3;
    const isAtEnd = scrollY > 0 && scrollY + innerHeight >= root.scrollHeight - 2;
    const started = links.filter(([, section]) => section.getBoundingClientRect().top <= line);
    const [current] = (isAtEnd ? links : started).at(-1) ?? [null];
    for (const [link] of links) {
      if (link === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    here.textContent = current ? [...current.children].map((part) => part.textContent).join(" ") : "";
    if (current && isWide.matches) {
      const nav = contents.parentElement;
      const { top, bottom } = current.getBoundingClientRect();
      if (top < 0 || bottom > nav.clientHeight) nav.scrollTop += top - nav.clientHeight / 2;
    }
  };

  const followSections = () => {
    const links = all("a", contents)
      .map((link) => [link, document.getElementById(link.hash.slice(1))])
      .filter(([, section]) => section);
    let isAsked = false;
    const ask = () => {
      if (isAsked) return;
      isAsked = true;
      requestAnimationFrame(() => { isAsked = false; markSection(links); });
    };
    addEventListener("scroll", ask, { passive: true });
    addEventListener("resize", ask, { passive: true });
    markSection(links);
    contents.addEventListener("click", (event) => {
      if (event.target.closest("a") && !isWide.matches) contents.open = false;
    });
    contents.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || isWide.matches) return;
      contents.open = false;
      contents.querySelector("summary").focus();
    });
  };

  /* --- Light or dark: as the reader's system has it, until they choose --- */

  const addThemeButton = () => {
    if (!CSS.supports("color", "light-dark(#000, #fff)")) return;
    const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
    const button = make("button", { type: "button", className: "theme" });
    const isDark = () => (root.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";
    const name = () => { button.textContent = isDark() ? "Light colours" : "Dark colours"; };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      name();
    });
    systemIsDark.addEventListener("change", name);
    name();
    contents.after(button);
  };

  /* --- Tables: in the order of any column, and back --- */

  const UNITS = { h: 3600, min: 60, s: 1 };
  const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  /* The number that a cell begins with: "−5.69 [−5.82, −5.55]" is −5.69, "2 min 03 s" is 123. */
  const readNumber = (text) => {
    const plain = text.replaceAll("\u2212", "-").replaceAll(",", "").trim();
    const parts = [...plain.matchAll(/(\d+(?:\.\d+)?)\s*(h|min|s)(?![a-z])/g)];
    if (parts.length && plain.startsWith(parts[0][0])) {
      const end = plain.includes("±") ? 1 : parts.length;
      return parts.slice(0, end).reduce((sum, [, number, unit]) => sum + number * UNITS[unit], 0);
    }
    const found = plain.match(/^(<?)\s*([+-]?\d+(?:\.\d+)?)(?:\s*×\s*10([⁰-⁹¹²³]+))?/);
    if (!found) return NaN;
    const power = [...(found[3] ?? "")].map((digit) => SUPERSCRIPTS.indexOf(digit)).join("");
    return Number(found[2]) * 10 ** Number(power) * (found[1] ? 0.999 : 1);
  };

  const compareCells = (one, other, isNumber, sign) => {
    if (!isNumber) return sign * one.localeCompare(other, undefined, { numeric: true });
    const [first, second] = [readNumber(one), readNumber(other)];
    if (Number.isNaN(first) || Number.isNaN(second)) return Number.isNaN(first) - Number.isNaN(second);
    return sign * (first - second);
  };

  const sortTable = (table, rows, heading) => {
    const next = { ascending: "descending", descending: "none" };
    const order = next[heading.getAttribute("aria-sort")] ?? "ascending";
    for (const each of all("th[aria-sort]", table)) each.removeAttribute("aria-sort");
    if (order !== "none") heading.setAttribute("aria-sort", order);
    const column = heading.cellIndex;
    const isNumber = heading.classList.contains("number");
    const sign = order === "descending" ? -1 : 1;
    const totals = rows.filter((row) => row.classList.contains("total"));
    const sorted = rows.filter((row) => !totals.includes(row));
    if (order !== "none") {
      const said = (row) => row.cells[column].textContent.trim();
      sorted.sort((one, other) => compareCells(said(one), said(other), isNumber, sign));
    }
    table.tBodies[0].append(...(order === "none" ? rows : [...sorted, ...totals]));
  };

  const makeSortable = (table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 2) return;
    for (const heading of all("thead th", table)) {
      const button = make("button", { type: "button" }, ...heading.childNodes);
      button.addEventListener("click", () => sortTable(table, rows, heading));
      heading.append(button);
    }
  };

  /* --- Figures: as large as the window, in a dialog --- */

  const addViewer = () => {
    const close = make("button", { type: "button", className: "close", textContent: "Close" });
    const place = make("div", { className: "place", tabIndex: 0 });
    const words = make("p");
    const dialog = make("dialog", { className: "viewer" }, close, place, words);
    let opener = null;
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => {
      place.replaceChildren();
      opener?.focus();
    });
    document.body.append(dialog);
    return (figure, button) => {
      const picture = figure.querySelector("svg").cloneNode(true);
      // What it refers to stays where it is, in the figure itself: no id stands twice.
      for (const each of all("[id]", picture)) each.removeAttribute("id");
      const caption = figure.querySelector("figcaption");
      const name = caption.querySelector("b").textContent.replace(/\.$/, "");
      place.replaceChildren(picture);
      place.setAttribute("aria-label", name);
      place.setAttribute("role", "group");
      words.replaceChildren(...[...caption.childNodes].map((node) => node.cloneNode(true)));
      dialog.setAttribute("aria-label", name);
      opener = button;
      dialog.showModal();
      close.focus();
    };
  };

  const makeEnlargeable = (figure, show) => {
    const name = figure.querySelector("figcaption b").textContent.replace(/\.$/, "");
    const button = make("button", { type: "button", className: "enlarge", textContent: "Enlarge" });
    button.setAttribute("aria-label", `Enlarge ${name}`);
    const open = () => show(figure, button);
    button.addEventListener("click", open);
    figure.querySelector("svg").addEventListener("click", open);
    figure.append(button);
  };

  /* --- Origins: where a link leads into something closed, that opens --- */

  /* --- A region that need not scroll is no stop for the keyboard --- */

  const fitRegions = () => {
    for (const region of all(".scroll")) {
      region.tabIndex = region.scrollWidth > region.clientWidth ? 0 : -1;
    }
  };

  fitContents();
  isWide.addEventListener("change", fitContents);
  followSections();
  addThemeButton();
  all("table.sortable").forEach(makeSortable);
  const show = addViewer();
  for (const figure of all("figure")) if (figure.querySelector("svg")) makeEnlargeable(figure, show);
  fitRegions();
  addEventListener("resize", fitRegions, { passive: true });
  document.fonts.ready.then(fitRegions);
})();
