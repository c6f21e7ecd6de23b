package sdk

import (
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// StorageVariable holds a connection string for an account of Azure Storage,
// as in Azure's own tools. It outweighs the managed identity.
const StorageVariable = "AZURE_STORAGE_CONNECTION_STRING"

// Storage is one service of a storage account.
type Storage struct {
	Account    string
	Endpoint   string // https://ACCOUNT.SERVICE.core.windows.net/
	Connection string // the connection string; "" means the managed identity
}

// OpenStorage finds the service ("blob", "queue") of the account that host
// names: by the account's name, or in a cloud with endpoints of its own by the
// service's full host name. It does no I/O.
func OpenStorage(host, service string) (Storage, error) {
	account, rest, full := strings.Cut(host, ".")
	if !isAccountName(account) || full && !strings.HasPrefix(rest, service+".") {
		return Storage{}, fmt.Errorf("this names no storage account; write its name (3 to 24 lower-case letters and digits), or ACCOUNT.%s.SUFFIX", service)
	}
	if !full {
		host += "." + service + ".core.windows.net"
	}
	s := Storage{Account: account, Endpoint: "https://" + host + "/", Connection: os.Getenv(StorageVariable)}
	if s.Connection == "UseDevelopmentStorage=true" {
		s.Connection = azurite
	}
	if name := Field(s.Connection, "AccountName"); name != "" && name != account {
		return Storage{}, fmt.Errorf("%s is of the account %q and the URL names %q; make them the same, or unset the variable to use the managed identity", StorageVariable, name, account)
	}
	return s, nil
}

// Connect makes the SDK's client of a container or queue, which signs in with the
// connection string or as the managed identity.
func Connect[C, O any](s Storage, name string, options *O,
	byString func(connection, name string, options *O) (C, error),
	byIdentity func(url string, identity azcore.TokenCredential, options *O) (C, error),
) (client C, err error) {
	if s.Connection != "" {
		if client, err = byString(s.Connection, name, options); err != nil {
			return client, errConnection
		}
		return client, nil
	}
	identity, err := Credential()
	if err != nil {
		return client, err
	}
	return byIdentity(s.Endpoint+name, identity, options)
}

func isAccountName(name string) bool {
	return regexp.MustCompile(`^[a-z0-9]{3,24}$`).MatchString(name) // compiled here and not at every start
}

// IsStorageName reports whether containers and queues may have that name.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftstorage
func IsStorageName(name string) bool {
	return 3 <= len(name) && len(name) <= 63 && regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])+$`).MatchString(name)
}

// errConnection leaves the SDK's words out: they may repeat the string.
var errConnection = errors.New(StorageVariable + " cannot be read; copy a connection string of the storage account as Azure shows it (Access keys), or unset the variable to use the managed identity")

// azurite is where the emulator Azurite listens, with the account and key that
// it documents: what UseDevelopmentStorage=true stands for in Azure's tools.
const azurite = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
	"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
	"BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"

// Field returns the value of one field of a connection string, "" if it has
// none.
func Field(connection, name string) string {
	for part := range strings.SplitSeq(connection, ";") {
		if key, value, _ := strings.Cut(part, "="); strings.EqualFold(strings.TrimSpace(key), name) {
			return value
		}
	}
	return ""
}

// Split reads a destination's URL, SCHEME://HOST/PATH. The path comes without
// slashes around it. The error does not repeat the URL.
func Split(url string) (host, path string, err error) {
	u, err := neturl.Parse(url)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", "", errors.New("the URL cannot be read")
	}
	return u.Host, strings.Trim(u.Path, "/"), nil
}
