export function view() {
  return [];
}
