// Words for made-up texts: each is one token of Qwen3's vocabulary, at the start of a text and after a space.
// A test holds them to it; other vocabularies cut most of them the same way.

export const WORDS: readonly string[] = [
  'time year people way day man thing woman life child world school state family student group country',
  'problem hand part place case week company system program question work government number night',
  'point home water room mother area money story fact month lot right study book eye job word business',
  'issue side kind head house service friend father power hour game line end member law car city',
  'community name team minute idea body information back parent face others level office door health',
  'person art history party result change reason research girl moment air teacher force education',
  'river forest window table paper letter picture music song color light shadow stone metal glass wood',
  'fire wind rain snow storm sun moon star sky bridge road street train station airport ship boat bus',
  'bike engine wheel machine tool computer phone screen keyboard network server memory data file code',
  'function value list tree node graph path map key lock cloud signal wave energy mass speed pressure',
  'heat good new first last long great little own other old big high different small large next early',
  'young important few public bad same able free full sure clear simple hard soft strong weak fast',
  'slow deep wide open close dark bright warm cold dry clean fresh rich safe quiet sharp smooth round',
  'flat heavy thin make know take see come think look want give use find tell ask feel try leave call',
  'keep let begin help show hear play run move live hold bring write provide sit stand lose pay meet',
  'include continue set learn lead watch follow stop create read allow add grow walk win offer',
  'remember love consider appear buy wait serve send expect build stay fall cut reach remain suggest',
  'raise pass sell require report pull the and for with from about into over after under between',
  'through during before against without within along near above below',
].flatMap((line) => line.split(' '));
