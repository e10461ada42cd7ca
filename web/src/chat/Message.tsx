import { memo } from "react";
import { Answer } from "./Answer.tsx";
import type { Acts } from "./acts.ts";
import { Question } from "./Question.tsx";
import type { ConversationSession } from "./session.ts";
import type { Shown } from "./shown.ts";

export interface MessageProps {
  session: ConversationSession;
  message: Shown;
  last: boolean;
  growing: boolean;
  acts: Acts;
}

export const Message = memo(function Message(props: MessageProps) {
  return (
    <article className="mx-auto max-w-3xl py-3" data-message={props.message.id}>
      {props.message.role === "user" ? <Question {...props} /> : <Answer {...props} />}
    </article>
  );
});
