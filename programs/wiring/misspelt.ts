/** Names that docker-compose.yml reads itself. */
const COMPOSE = ['PLAZA_ADDRESS', 'PLAZA_VERSION'];

/** Variables that Kubernetes and Docker set for a service or container of the name `plaza`. */
const SERVICE_LINK = /^PLAZA_(SERVICE_(HOST|PORT)|PORT_\d+_|ENV_|NAME$)/;
const SERVICE_URL = /^(tcp|udp|sctp):\/\//;

/**
 * Returns the least number of letters to insert, delete, replace or swap with their neighbour (optimal string
 * alignment).
 */
const distance = (a: string, b: string): number => {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j));
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const steps = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (isSame ? 0 : 1)];
      if (isSwapped) steps.push(at(i - 2, j - 2) + 1);
      rows[i]![j] = Math.min(...steps);
    }
  }
  return at(a.length, b.length);
};

/** Many programs use short names such as HOSTS. For these only two swapped letters count as a slip. */
const SHORT = 8;

const sorted = (text: string): string => [...text].sort().join('');

const isSlip = (name: string, known: string): boolean => {
  const most = known.length < SHORT ? 1 : known.startsWith('PLAZA_') ? 3 : 2;
  if (Math.abs(name.length - known.length) > most) return false;
  const written = name.toUpperCase();
  // Saves time at every start: a slip leaves the beginning or the end of a name unchanged.
  if (written[0] !== known[0] && written.slice(-3) !== known.slice(-3)) return false;
  if (known.length < SHORT && sorted(written) !== sorted(known)) return false;
  return distance(written, known) <= most;
};

/**
 * Finds environment variables that look like misspelt settings: every unknown name that begins with `PLAZA_`, and every
 * name that is a slip away from a setting's. Other programs' variables are left alone.
 * @param known the settings' names
 * @returns a line for each
 */
export const misspelt = (env: Readonly<Record<string, string | undefined>>, known: readonly string[]): string[] =>
  Object.entries(env).flatMap(([name, value = '']) => {
    if (known.includes(name) || COMPOSE.includes(name)) return [];
    if (SERVICE_LINK.test(name) || SERVICE_URL.test(value)) return [];
    const meant = known.filter((one) => isSlip(name, one)).sort((a, b) => distance(name, a) - distance(name, b))[0];
    if (meant !== undefined) return [`${name} is not a setting: did you mean ${meant}?`];
    return name.startsWith('PLAZA_') ? [`${name} is not a setting (docs/settings.md lists them all)`] : [];
  });
