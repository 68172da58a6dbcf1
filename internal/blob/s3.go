package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// An S3 is an engine on a bucket of an S3 service that answers a put only when
// the object is durable.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string
}

// S3Options say where the bucket is.
type S3Options struct {
	Endpoint  string // host:port
	Region    string
	Bucket    string
	Prefix    string // of the objects' keys, such as "documents/"; may be empty
	AccessKey string
	SecretKey string
	Secure    bool              // HTTPS
	Transport http.RoundTripper // nil: minio's
}

// CreateS3 makes the bucket, if it is not there, and marks the prefix in it as
// one for documents. A prefix that is marked is refused.
func CreateS3(ctx context.Context, o S3Options) (*S3, error) {
	s, err := newS3(o)
	if err != nil {
		return nil, err
	}
	there, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return nil, fmt.Errorf("blob: looking for the bucket: %w", err)
	}
	if !there {
		if err := s.client.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: o.Region}); err != nil {
			return nil, fmt.Errorf("blob: making the bucket: %w", err)
		}
	}
	switch marked, err := s.has(ctx, marker); {
	case err != nil:
		return nil, fmt.Errorf("blob: looking for the mark: %w", err)
	case marked:
		return nil, fmt.Errorf("blob: the bucket %s already holds documents under %q", s.bucket, s.prefix)
	}
	if err := s.put(ctx, marker, []byte("1\n")); err != nil {
		return nil, fmt.Errorf("blob: marking the bucket: %w", err)
	}
	return s, nil
}

// OpenS3 opens a bucket that CreateS3 marked. It creates nothing.
func OpenS3(ctx context.Context, o S3Options) (*S3, error) {
	s, err := newS3(o)
	if err != nil {
		return nil, err
	}
	switch marked, err := s.has(ctx, marker); {
	case err != nil:
		return nil, fmt.Errorf("blob: looking for the mark: %w", err)
	case !marked:
		return nil, fmt.Errorf("blob: the bucket %s holds no documents under %q", s.bucket, s.prefix)
	}
	return s, nil
}

func newS3(o S3Options) (*S3, error) {
	c, err := minio.New(o.Endpoint, &minio.Options{
		Creds:     credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""),
		Secure:    o.Secure,
		Region:    o.Region,
		Transport: o.Transport,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: the address of the S3 service: %w", err)
	}
	return &S3{c, o.Bucket, o.Prefix}, nil
}

// Put stores an object.
func (s *S3) Put(ctx context.Context, name string, data []byte) error { return s.put(ctx, name, data) }

func (s *S3) put(ctx context.Context, name string, data []byte) error {
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	return err
}

// Get reads an object.
func (s *S3) Get(ctx context.Context, name string) ([]byte, error) {
	return s.read(ctx, name, minio.GetObjectOptions{})
}

// Head reads the start of an object.
func (s *S3) Head(ctx context.Context, name string, n int) ([]byte, error) {
	var o minio.GetObjectOptions
	if err := o.SetRange(0, int64(n)-1); err != nil {
		return nil, err
	}
	return s.read(ctx, name, o)
}

func (s *S3) read(ctx context.Context, name string, o minio.GetObjectOptions) ([]byte, error) {
	r, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, MaxSize+4096))
	if absent(err) {
		return nil, notFound()
	}
	return b, err
}

// Has looks for an object.
func (s *S3) Has(ctx context.Context, name string) (bool, error) { return s.has(ctx, name) }

func (s *S3) has(ctx context.Context, name string) (bool, error) {
	_, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if absent(err) {
		return false, nil
	}
	return err == nil, err
}

// absent is about the object alone: a missing bucket is another matter.
func absent(err error) bool {
	var e minio.ErrorResponse
	return errors.As(err, &e) && e.Code == minio.NoSuchKey
}

// Each lists the bucket.
func (s *S3) Each(ctx context.Context, before time.Time, fn func(name string) error) error {
	ctx, stop := context.WithCancel(ctx) // ends the listing when fn ends it
	defer stop()
	for o := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
		if o.Err != nil {
			return o.Err
		}
		name := strings.TrimPrefix(o.Key, s.prefix)
		if len(name) != 64 || !o.LastModified.Before(before) {
			continue
		}
		if err := fn(name); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Remove deletes an object. Between its look and its deletion S3 gives no lock.
func (s *S3) Remove(ctx context.Context, name string, before time.Time) error {
	info, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if absent(err) {
		return nil
	}
	if err != nil || !info.LastModified.Before(before) {
		return err
	}
	return s.client.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
}
