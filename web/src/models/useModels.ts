import { useQuery } from "@tanstack/react-query";
import { models, type Models } from "../api/calls.ts";

const none: Models = { default: "", models: [] };

export function useModels(): Models {
  return useQuery({ queryKey: ["models"], queryFn: models, staleTime: 60_000 }).data ?? none;
}
