/* A formula wider than its column scrolls inside it; let the keyboard reach such a formula, and only such. */
document.addEventListener("DOMContentLoaded", () => {
  const mark = () => {
    for (const formula of document.querySelectorAll('mjx-container[display="true"]')) {
      if (formula.scrollWidth > formula.clientWidth + 1) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
  };
  mark();
  new ResizeObserver(mark).observe(document.body);
});
