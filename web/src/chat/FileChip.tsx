import type { FileUIPart } from "ai";
import { useTexts } from "../texts/index.ts";
import { Icon } from "../ui/Icon.tsx";

/** A file that is about to be sent: an image as a small picture, the rest by name. */
export function FileChip({ file, onRemove }: { file: FileUIPart; onRemove: () => void }) {
  const t = useTexts();
  const name = file.filename ?? file.mediaType;
  return (
    <span className="inline-flex max-w-64 items-center gap-2 rounded-lg border border-line bg-page p-1.5 text-sm">
      {file.mediaType.startsWith("image/") ? <img src={file.url} alt={name} className="size-10 rounded object-cover" /> : <Icon name="file" />}
      <bdi className="truncate">{name}</bdi>
      <button type="button" className="act-icon size-6" aria-label={t.detach(name)} title={t.detach(name)} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </span>
  );
}
