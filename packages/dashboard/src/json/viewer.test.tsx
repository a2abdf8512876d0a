// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { JsonViewer } from "./viewer.tsx";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const names = (): readonly (string | null)[] => screen.getAllByRole("treeitem").map((item) => item.getAttribute("aria-label"));

test("containers fold by click and by arrow keys", () => {
  render(<JsonViewer title="Output" text='{"a":{"b":1},"c":2}' />);
  expect(names()).toEqual(["root: { a, c }", "a: { b }", "b: 1", "c: 2"]);
  fireEvent.click(screen.getByRole("treeitem", { name: "a: { b }" }));
  expect(names()).toHaveLength(3);
  const tree = screen.getByRole("tree", { name: "Output" });
  fireEvent.focus(screen.getByRole("treeitem", { name: "a: { b }" }));
  fireEvent.keyDown(tree, { key: "ArrowRight" });
  expect(names()).toHaveLength(4);
  fireEvent.keyDown(tree, { key: "ArrowDown" });
  expect(document.activeElement?.getAttribute("aria-label")).toBe("b: 1");
});

test("Enter copies the value of a line, Shift+Enter its path", () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  render(<JsonViewer title="Output" text='{"items":[{"sku":"mug"}]}' />);
  const tree = screen.getByRole("tree");
  fireEvent.focus(screen.getByRole("treeitem", { name: 'sku: "mug"' }));
  fireEvent.keyDown(tree, { key: "Enter" });
  fireEvent.keyDown(tree, { key: "Enter", shiftKey: true });
  expect(writeText.mock.calls.flat()).toEqual(["mug", "items[0].sku"]);
});

test("a text that isn't JSON, and a scalar, are shown as they are", () => {
  const { rerender } = render(<JsonViewer title="Output" text="not json" />);
  expect(screen.getByText("not json")).toBeDefined();
  rerender(<JsonViewer title="Output" text="42" />);
  expect(screen.getByText("42")).toBeDefined();
  expect(screen.queryByRole("tree")).toBeNull();
});
