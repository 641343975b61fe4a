import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns the path of a tool that a test needs, undefined without it.
 * @param packageName Debian's package of it
 * @throws Error when there is none and REQUIRE_TOOLS says that there must be
 */
export const findTool = (name: string, packageName = name): string | undefined => {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (!found && process.env.REQUIRE_TOOLS) throw new Error(`${name} is missing: apt-get install ${packageName}`);
  return found;
};
