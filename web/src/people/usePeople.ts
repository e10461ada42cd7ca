import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { accounts, invitations, type Account } from "../api/people.ts";

const PEOPLE = ["people"];
const INVITATIONS = ["invitations"];

export function usePeople(enabled = true) {
  return useInfiniteQuery({
    queryKey: PEOPLE,
    queryFn: ({ pageParam }) => accounts(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled,
  });
}

export const useInvitations = () => useQuery({ queryKey: INVITATIONS, queryFn: invitations });

/** Reads both lists again, after something was changed. */
export function usePeopleChanged(): () => Promise<unknown> {
  const client = useQueryClient();
  return () => Promise.all([PEOPLE, INVITATIONS].map((queryKey) => client.invalidateQueries({ queryKey })));
}

/** What people are called, by their id. Only administrators may know: `wanted` by others, nothing is asked. */
export function useNames(wanted: boolean): ReadonlyMap<string, string> {
  const people = usePeople(wanted).data?.pages.flatMap((page) => page.items) ?? [];
  return new Map(people.map((one) => [one.id, one.email ?? one.name]));
}

/** An account of its own, not one that was joined with another. */
export const stands = (one: Account): boolean => one.merged_into === undefined;
