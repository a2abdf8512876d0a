// Sets the chosen theme before the first paint. A file of its own, so that no inline script needs an exception in the content policy.
try {
  const theme = localStorage.getItem("pawl.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme stays.
}
