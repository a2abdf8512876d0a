/** Entry of the dashboard. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/atkinson-hyperlegible-next";
import "@fontsource-variable/atkinson-hyperlegible-mono";
import "./tokens/tokens.css";
import "./shell/base.css";
import "./shell/shell.css";
import "./list/list.css";
import "./json/json.css";
import { Shell } from "./shell/shell.tsx";

const root = document.querySelector("#root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Shell />
    </StrictMode>,
  );
}
