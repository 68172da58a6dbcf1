package app

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/conf"
	"sidian/internal/httpx"
	"sidian/internal/pki"
)

// databaseURL adds the password that the configuration only names by file.
func databaseURL(c conf.Config) (string, error) {
	if c.Database.PasswordFile == "" {
		return c.Database.URL, nil
	}
	password, err := secretFile("database.password_file", c.Database.PasswordFile)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(c.Database.URL)
	if err != nil {
		return "", fmt.Errorf("app: database.url is not a URL")
	}
	u.User = url.UserPassword(u.User.Username(), password)
	return u.String(), nil
}

func secretFile(key, path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", &Trouble{Part: "config", Where: path, Err: err, What: Words{key + " 所指的文件读不了", "the file that " + key + " names cannot be read"},
			Do: Words{"请核对路径，并让运行本程序的用户可以读取", "see that the path is right and that the user of this program may read it"}}
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func s3Options(c conf.Config) (o blob.S3Options, err error) {
	o = blob.S3Options{Endpoint: c.Blob.S3.Endpoint, Bucket: c.Blob.S3.Bucket, Region: c.Blob.S3.Region, Secure: !c.Blob.S3.Plain}
	if o.AccessKey, err = secretFile("blob.s3.access_key_file", c.Blob.S3.AccessKeyFile); err != nil {
		return o, err
	}
	o.SecretKey, err = secretFile("blob.s3.secret_key_file", c.Blob.S3.SecretKeyFile)
	return o, err
}

func openBlobs(ctx context.Context, c conf.Config) (blob.Engine, error) {
	if c.Blob.S3.Endpoint == "" {
		return blob.OpenDir(c.Blob.Dir)
	}
	o, err := s3Options(c)
	if err != nil {
		return nil, err
	}
	return blob.OpenS3(ctx, o)
}

func createBlobs(ctx context.Context, c conf.Config) (blob.Engine, error) {
	if c.Blob.S3.Endpoint == "" {
		return blob.CreateDir(c.Blob.Dir)
	}
	o, err := s3Options(c)
	if err != nil {
		return nil, err
	}
	return blob.CreateS3(ctx, o)
}

// outsideOf reads whom the configuration trusts, and asks for time stamps.
func outsideOf(c conf.Config) (o pki.Outside, err error) {
	if c.Authority.TrustDir != "" {
		if o.Anchors, err = certificatesIn(c.Authority.TrustDir); err != nil {
			return o, err
		}
	}
	if c.Authority.ChainFile != "" {
		chain, err := certificatesOf(c.Authority.ChainFile)
		if err != nil {
			return o, err
		}
		for _, x := range chain {
			if x.Subject.String() == x.Issuer.String() {
				o.Anchors = append(o.Anchors, x)
			} else {
				o.Intermediates = append(o.Intermediates, x)
			}
		}
	}
	client := httpx.NewClient(httpx.ClientOptions{Hosts: c.Outgoing.Hosts, Private: c.Outgoing.Private, Timeout: 10 * time.Second})
	if len(c.Outgoing.Hosts) > 0 {
		o.Client = client // fetches revocation lists
	}
	if c.Timestamp.Mode == "url" {
		o.TimeStamp = func(ctx context.Context, request []byte) ([]byte, error) {
			return client.Post(ctx, c.Timestamp.URL, "application/timestamp-query", request)
		}
	}
	return o, nil
}

func certificatesIn(dir string) (all []*gm.Certificate, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("app: reading authority.trust_dir: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		some, err := certificatesOf(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func certificatesOf(path string) ([]*gm.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("app: reading a digital certificate: %w", err)
	}
	all, err := gm.ParseCertificates(b)
	if err != nil {
		return nil, fmt.Errorf("app: %s: %w", path, err)
	}
	return all, nil
}

// given reads an authority that is somebody else's.
func given(certFile, keyFile string) (*pki.Given, error) {
	all, err := certificatesOf(certFile)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("app: %s holds no digital certificate", certFile)
	}
	b, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("app: reading a private key: %w", err)
	}
	if block, _ := pem.Decode(b); block != nil && block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, fmt.Errorf("app: %s is encrypted; give a plain PKCS#8 key for init, it is wrapped and can be removed afterwards", keyFile)
	}
	key, err := gm.ParsePrivateKey(b, nil)
	if err != nil {
		return nil, fmt.Errorf("app: %s: %w", keyFile, err)
	}
	return &pki.Given{Certificate: all[0], Key: key}, nil
}
