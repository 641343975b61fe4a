/** What Plaza answers besides its contexts' resources. */
export const systemResources = [
  '/control-center',
  '/control-center/activity',
  '/control-center/events',
  '/openapi.json',
  '/asyncapi.json',
  '/reference',
  '/problems/{name}',
  '/livez',
  '/readyz',
  '/metrics',
  '/sign-in',
] as const;
