// The rows of the pages for browsers, for the table of routes; no part of the API.

import { HTML, PLAIN_TEXT } from './native-schemas.ts';
import type { RouteRow } from './route-row.ts';

export const PAGE_ROUTES = {
  page: {
    group: 'pages',
    methods: ['GET'],
    paths: ['/'],
    access: 'open',
    summary: 'A page to try the model: similarities, map, dimensions, instructions, code',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: HTML },
    onlyWith: 'pages',
    forBrowsers: true,
    faults: [],
  },
  docs: {
    group: 'pages',
    methods: ['GET'],
    paths: ['/docs'],
    access: 'open',
    summary: 'The OpenAPI document, to be read in a browser',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: HTML },
    onlyWith: 'docs',
    faults: [],
  },
  pageFile: {
    group: 'pages',
    methods: ['GET'],
    paths: ['/assets/*'],
    access: 'open',
    summary: 'Scripts and styles of both pages',
    needsModel: false,
    body: null,
    answer: { status: 200, schema: PLAIN_TEXT },
    onlyWith: 'pages',
    faults: ['ROUTE_UNKNOWN'],
  },
} as const satisfies Record<string, RouteRow>;
