// Package emulators runs stand-ins of Azure's services for tests: Azurite,
// Microsoft's emulator of Azure Storage, and for Service Bus a small AMQP 1.0
// server. Both are programs for Node.js, whose dependencies package-lock.json
// pins and npm installs below .tools, once for all tests. Where Node.js, npm or
// the packages cannot be had, tests are skipped, or fail on CI.
//
// They listen on loopback only, end with the test, and are models: what they
// accept is not proof that Azure does.
package emulators
