// Replaced by build.mjs.
export const apiUrl = '';
