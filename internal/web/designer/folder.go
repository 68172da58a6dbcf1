package designer

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/web/page"
	"sidian/ofd/draw"
)

// What may be uploaded: a picture of at most maxPicture, a folder of at most
// maxUpload packed and maxUnpacked unpacked. The catalogue has limits of its own.
const (
	maxPicture  = 512 << 10
	maxUpload   = 2 << 20
	maxUnpacked = 2 << 20
	maxPacked   = 32 // files
)

// getFolder hands out the design as the folder that `sidian kind import` takes.
func (s *Service) getFolder(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	e, err := s.Catalogue.Entry(ctx, id)
	if err != nil {
		return err
	}
	files, _, err := s.Catalogue.DraftFiles(ctx, id)
	if err != nil {
		return err
	}
	data, err := pack(e.Name, files)
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: e.Name + ".zip", Media: "application/zip", Data: data})
}

func pack(name string, files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name + "/" + file)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(files[file]); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// unpack reads a folder, which may stand in one folder of the archive. Paths that
// lead elsewhere are refused, not mended.
func unpack(data []byte) (map[string][]byte, error) {
	bad := func(format string, args ...any) error {
		return fault.Invalid.New(format, args...).WithCode("designer.folder").WithHint("请上传在这里下载的那种 ZIP：一个目录，里面是 kind.yaml、template.yaml、example.json 和图片").
			WithField("folder", "folder", "不是证照类型目录的 ZIP")
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, bad("上传的文件不是完好的 ZIP")
	}
	if len(z.File) > maxPacked {
		return nil, bad("压缩包里的文件太多，最多 %d 个", maxPacked)
	}
	files, total := map[string][]byte{}, 0
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		dir, name := path.Split(f.Name)
		if strings.Contains(f.Name, `\`) || strings.Contains(f.Name, "..") || strings.HasPrefix(f.Name, "/") || strings.Count(dir, "/") > 1 || !f.Mode().IsRegular() || files[name] != nil {
			return nil, bad("压缩包里的路径不对：只能有一层目录，没有重名、链接和上级目录")
		}
		content, err := inflate(f, maxUnpacked-total)
		if err != nil {
			return nil, bad("压缩包解不开，或解开后超过 %d KiB", maxUnpacked>>10)
		}
		total += len(content)
		files[name] = content
	}
	return files, nil
}

func inflate(f *zip.File, most int) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	if err == nil && len(data) > most {
		err = io.ErrShortBuffer
	}
	return data, err
}

// postFolder puts an uploaded folder in the place of the draft.
func (s *Service) postFolder(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil && fault.As(err) == nil || o == nil || o.entry == nil {
		return err
	}
	data, refusal := fileOf(r, "folder", maxUpload)
	var files map[string][]byte
	if refusal == nil {
		files, refusal = unpack(data)
	}
	if refusal == nil {
		_, refusal = read(o.entry.Name, files)
	}
	if refusal == nil {
		v := values{r.MultipartForm.Value, &wrongs{}}
		_, refusal = s.Catalogue.SaveDraft(r.Context(), o.entry.ID, v.int("version", "版本"), files)
	}
	if refusal == nil {
		return page.See(w, r, page.At(Home, o.entry.ID)+"/check?done=uploaded")
	}
	if code := page.StatusOf(refusal); code != 0 && o.design != nil {
		return s.showCheck(w, r, code, o, refusal)
	}
	return refusal
}

// fileOf is the one file that a form sent.
func fileOf(r *http.Request, name string, most int64) ([]byte, error) {
	if err := r.ParseMultipartForm(maxUpload); err != nil {
		return nil, fault.TooLarge.Wrap(err, "文件太大，或没有传完整").WithHint("请换成更小的文件再传")
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files
	r.PostForm = r.MultipartForm.Value
	list := r.MultipartForm.File[name]
	if len(list) != 1 || list[0].Size == 0 {
		return nil, fault.Invalid.New("还没有选文件").WithHint("请选一个文件再传").WithField(name, "required", "请选一个文件")
	}
	if list[0].Size > most {
		return nil, fault.TooLarge.New("文件超过 %d KiB", most>>10).WithHint("请换成更小的文件再传").WithField(name, "size", "文件超过上限")
	}
	f, err := list[0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

var notName = regexp.MustCompile(`[^a-z0-9_-]+`)

// pictureOf is an uploaded picture and the name that it gets in the folder. It is
// what its bytes say; the name that was sent only lends its letters.
func pictureOf(r *http.Request) (string, []byte, error) {
	data, err := fileOf(r, "image", maxPicture)
	if err != nil {
		return "", nil, err
	}
	img, err := draw.ParseImage(data)
	if err != nil {
		return "", nil, fault.Invalid.New("底图应是完好的 PNG 或 JPEG 图片").WithCode("designer.image").
			WithHint("SVG 等其他格式请先导出成 PNG，建议每毫米 8 到 12 个像素、不超过 %d KiB", maxPicture>>10).WithField("image", "picture", "不是完好的 PNG 或 JPEG，或像素过多")
	}
	base := path.Base(strings.ToLower(strings.ReplaceAll(r.MultipartForm.File["image"][0].Filename, `\`, "/")))
	base = strings.Trim(notName.ReplaceAllString(strings.TrimSuffix(base, path.Ext(base)), "-"), "-_")
	return cmp.Or(base[:min(len(base), 32)], "ground") + map[string]string{"PNG": ".png", "JPEG": ".jpg"}[img.Format()], data, nil
}
