// The words in which every command says how far it is: bars, shares, sizes, times. Pure.

export const BAR_CELLS = 24;

/** `share` is from 0 to 1. */
export function renderBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
}

/** Whole per cent; 100 only when all is done. */
export function renderShare(share: number): string {
  return `${String(Math.floor(100 * share))} %`;
}

/** Decimal units, as disks and the hub count: `4.97 GB`, `312 MB`. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  return `${power < 3 ? value.toFixed(0) : value.toFixed(2)} ${units[power] ?? ''}`;
}

/** `0:15`, `12:03`, `1:02:03`. */
export function renderDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const tail = String(whole % 60).padStart(2, '0');
  return hours > 0
    ? `${String(hours)}:${String(minutes).padStart(2, '0')}:${tail}`
    : `${String(minutes)}:${tail}`;
}

/** `1 file`, `8 files`. */
export const renderFiles = (count: number): string => `${String(count)} file${count === 1 ? '' : 's'}`;
