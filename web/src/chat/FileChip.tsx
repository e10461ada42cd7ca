import { useQuery } from "@tanstack/react-query";
import type { FileUIPart } from "ai";
import { attachmentUrl } from "../api/files.ts";
import { useTexts } from "../texts/index.ts";
import { Icon } from "../ui/Icon.tsx";

const STORED = "sha256:";

/** An attached file: an image as a small picture, the rest by name. */
export function FileChip({ file, onRemove }: { file: FileUIPart; onRemove?: () => void }) {
  const t = useTexts();
  const name = file.filename ?? file.mediaType;
  return (
    <span className="inline-flex max-w-64 items-center gap-2 rounded-lg border border-line bg-page p-1.5 text-sm">
      {file.mediaType.startsWith("image/") ? <Preview file={file} name={name} /> : <Icon name="file" />}
      <bdi className="truncate">{name}</bdi>
      {onRemove && (
        <button type="button" className="act-icon size-6" aria-label={t.detach(name)} title={t.detach(name)} onClick={onRemove}>
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}

function Preview({ file, name }: { file: FileUIPart; name: string }) {
  const stored = file.url.startsWith(STORED);
  const digest = file.url.slice(STORED.length);
  const query = useQuery({
    queryKey: ["file", digest],
    queryFn: () => attachmentUrl(digest, file.mediaType),
    enabled: stored,
    staleTime: Infinity,
  });
  const url = stored ? query.data : file.url;
  return url ? <img src={url} alt={name} className="size-10 rounded object-cover" /> : <Icon name="file" />;
}
