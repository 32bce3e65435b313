// Numbers as the page writes them. Pure.

/** With a minus sign as wide as a plus, and no minus before nothing. */
export function formatCosine(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return text.startsWith('-') ? `${Number(text) === 0 ? '' : '−'}${text.slice(1)}` : text;
}

/** Rounded down: 99.6 % is not all. */
export const formatShare = (share: number): string => `${String(Math.floor(share * 100))} %`;

/** Four digits or fewer: 0.4, 12, 3400, 12k. */
export function formatRate(rate: number): string {
  if (rate >= 9950) return `${(rate / 1000).toFixed(0)}k`;
  return rate.toFixed(rate > 0 && rate < 9.95 ? 1 : 0);
}
