import { useQuery } from "@tanstack/react-query";
import type { FileUIPart } from "ai";
import { useState } from "react";
import { isStored, objectUrl } from "../api/files.ts";
import { useTexts } from "../texts/index.ts";
import { download } from "../ui/download.ts";
import { Icon } from "../ui/Icon.tsx";

/** A file of a question: an image to look at, the rest by name; a click saves it. */
export function FileShown({ file }: { file: FileUIPart }) {
  const t = useTexts();
  const [failed, setFailed] = useState(false);
  const name = file.filename ?? file.mediaType;
  const image = file.mediaType.startsWith("image/");
  const preview = useQuery({
    queryKey: ["file", file.url],
    queryFn: () => objectUrl(file),
    enabled: image && isStored(file),
    staleTime: Infinity,
  });
  const url = isStored(file) ? preview.data : file.url;
  const save = (): void => void objectUrl(file).then((address) => download(address, name), () => setFailed(true));
  return (
    <button
      type="button"
      className={`inline-flex max-w-[85%] flex-col overflow-hidden rounded-lg border bg-page text-left text-sm hover:bg-raised ${failed ? "border-danger" : "border-line"}`}
      aria-label={t.download(name)}
      title={t.download(name)}
      onClick={save}
    >
      {image && url && <img src={url} alt={name} className="max-h-64 min-h-10 min-w-10 object-contain" />}
      <span className="flex items-center gap-2 px-3 py-2">
        <Icon name={image ? "download" : "file"} />
        <bdi className="truncate">{name}</bdi>
      </span>
    </button>
  );
}
