// Azurite on free ports of 127.0.0.1, without anything on disk. It ends with
// its standard input, so that it never outlives whoever started it.
'use strict';
process.stdin.resume().on('end', () => process.exit());
process.argv.push(
  '--silent', '--inMemoryPersistence', '--disableTelemetry',
  '--skipApiVersionCheck', // the SDK's versions are newer than the emulator
  '--blobHost', '127.0.0.1', '--blobPort', '0',
  '--queueHost', '127.0.0.1', '--queuePort', '0',
  '--tableHost', '127.0.0.1', '--tablePort', '0',
);
require('azurite/dist/src/azurite.js');
