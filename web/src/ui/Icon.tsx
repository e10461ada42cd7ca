/** Drawn in a square of 24 with strokes of 2: what a button of these names shows. */
const shapes = {
  archive: "M3 5h18v4H3zM5 9v10h14V9M10 13h4",
  branch: "M6 3v12M6 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM18 3a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM18 9c0 5-6 4-12 7",
  check: "M4 12l5 5L20 6",
  chevron: "M6 9l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  left: "M15 6l-6 6 6 6",
  link: "M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1",
  menu: "M4 6h16M4 12h16M4 18h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  paperclip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.5 3.5 0 0 1 5 5l-8.5 8.5a2 2 0 0 1-3-3L14 7",
  play: "M7 4l13 8-13 8z",
  plus: "M12 5v14M5 12h14",
  retry: "M4 4v6h6M20 20v-6h-6M5 15a8 8 0 0 0 14 2M19 9A8 8 0 0 0 5 7",
  right: "M9 6l6 6-6 6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  send: "M12 19V5M6 11l6-6 6 6",
  settings: "M19.0 10.1L21.7 10.3L21.7 13.7L19.0 13.9L18.2 15.6L20.0 17.6L17.6 20.0L15.6 18.2L13.9 19.0L13.7 21.7L10.3 21.7L10.1 19.0L8.4 18.2L6.4 20.0L4.0 17.6L5.8 15.6L5.0 13.9L2.3 13.7L2.3 10.3L5.0 10.1L5.8 8.4L4.0 6.4L6.4 4.0L8.4 5.8L10.1 5.0L10.3 2.3L13.7 2.3L13.9 5.0L15.6 5.8L17.6 4.0L20.0 6.4L18.2 8.4zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  sliders: "M6 4v10M6 18v2M12 4v2M12 10v10M18 4v8M18 16v4M4 14h4M10 10h4M16 16h4",
  stop: "M7 7h10v10H7z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className="size-5 shrink-0"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={shapes[name]} />
    </svg>
  );
}
