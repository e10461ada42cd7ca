/** How the next answer is to be made; what is not said here is the conversation's, else the server's default. */
export interface Wishes {
  model?: string | undefined;
  system?: string | undefined;
}
