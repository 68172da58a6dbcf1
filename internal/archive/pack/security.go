package pack

import "fmt"

// checkMalware is 4-1-1.
func (p *parcel) checkMalware() finding {
	if p.o.Scanner == nil {
		return skipped("没有配置恶意程序扫描，本项未检测；请在接收前另行查杀")
	}
	var bad, odd []string
	n := 0
	for _, it := range p.items {
		switch {
		case it.malware != "":
			bad = append(bad, shown(it.name)+"："+shown(it.malware))
		case it.unread != "":
			odd = append(odd, shown(it.name)+"没有读出，未扫描")
		case it.unknowns != "":
			odd = append(odd, shown(it.name)+it.unknowns)
		default:
			n++
		}
	}
	return weigh(bad, odd, fmt.Sprintf("扫描了 %d 个文件，没有发现恶意程序", n))
}

// checkTypes is 4-2-1: nothing that runs, and nothing that hides other files.
func (p *parcel) checkTypes() finding {
	var bad []string
	for _, it := range p.items {
		switch {
		case it.found.program != "":
			bad = append(bad, shown(it.name)+it.found.program)
		case described(it.name) && unsafeName(it.name) == "" && formatOf(it.name) == nil:
			bad = append(bad, shown(it.name)+"不是可以归档的文件类型")
		}
	}
	return weigh(bad, nil, "都是可以归档的文件类型")
}
