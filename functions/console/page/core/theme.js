// Runs before the first paint, so that nobody is dazzled by the other paper. The only script that is no module.

(() => {
  try {
    const theme = localStorage.getItem("beckon.theme");
    const dark = document.getElementById("dark");
    if (theme === "dark") dark?.setAttribute("media", "all");
    if (theme === "light") dark?.setAttribute("media", "not all");
  } catch {
    // Storage may be switched off; the system's setting holds then.
  }
})();
