import { Component, type ReactNode } from "react";

interface Props {
  text: string;
  children: ReactNode;
}

/** Shows a text as it is when it cannot be shown as Markdown: an answer is never lost to a fault in its display. */
export class Safely extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return <p className="break-words whitespace-pre-wrap">{this.props.text}</p>;
  }
}
