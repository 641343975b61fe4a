/** The names and addresses that lead to this machine and nowhere else. */
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[?::1\]?)$/i;

/**
 * Returns whether only this machine can reach a host. An address in another notation (`::ffff:127.0.0.1`, an empty
 * one, `0`) counts as reachable by others.
 */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);
